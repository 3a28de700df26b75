import pytest

from lerecord.errors import HubError
from lerecord.hub.endpoint import Endpoint


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://huggingface.co", "https://huggingface.co"),
        ("https://me:hunter2@hub.lab:8443/", "https://hub.lab:8443"),
        ("http://hunter2@hub.lab", "http://hub.lab"),
    ],
)
def test_what_is_shown_has_no_password(url: str, shown: str) -> None:
    endpoint = Endpoint(url)
    assert endpoint.shown == shown
    assert "hunter2" in endpoint.url or "@" not in url
    assert endpoint.hide(f"no way to {url}/api ('hunter2')").count("hunter2") == ("@" not in url)


@pytest.mark.parametrize("password", ["hunter2", "hun%40ter2", "p+w$", "%"])
def test_no_form_of_a_password_is_quoted(password: str) -> None:
    from urllib.parse import unquote

    endpoint = Endpoint(f"https://me:{password}@hub.lab")
    for form in (password, unquote(password)):
        assert form not in endpoint.hide(f"cannot resolve 'me:{form}@hub.lab', tried '{form}'")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.lab",
        "ftp://hub.lab",
        "https://",
        "http://me:hunter2",
        "http://a:b:c@d:e",
        "http://[",
    ],
)
def test_what_is_no_address_is_one_sentence(url: str) -> None:
    with pytest.raises(HubError, match="is not the address of a Hub; unset it, or set it") as told:
        Endpoint(url)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(
    ("url", "has_token", "warned"),
    [
        ("http://hub.lab", True, True),
        ("http://192.168.1.2:8080", True, True),
        ("http://127.0.0.1.evil.org", True, True),
        ("http://[fe80::1]", True, True),
        ("http://hub.lab", False, False),
        ("http://me:hunter2@hub.lab", False, True),
        ("https://hub.lab", True, False),
        ("http://localhost:8080", True, False),
        ("http://hub.localhost", True, False),
        ("http://127.0.0.9", True, False),
        ("http://[::1]:80", True, False),
    ],
)
def test_a_token_in_the_clear_is_warned_of(url: str, has_token: bool, warned: bool) -> None:
    warning = Endpoint(url).warning(has_token)
    assert (warning is not None) == warned
    assert "hunter2" not in (warning or "")
