import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.secrets import without_secrets


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("https://huggingface.co", "https://huggingface.co"),
        ("http://me:hunter2@hub.lab:8080/x", "http://hub.lab:8080/x"),
        ("http://me@hub.lab/x", "http://hub.lab/x"),
        ("http://hunter2:@hub.lab", "http://hub.lab"),
        ("http://:hunter2@hub.lab", "http://hub.lab"),
        ("http://me:hun@ter2@hub.lab/x", "http://hub.lab/x"),
        ("http://me:hun/ter2@hub.lab/x", "http://hub.lab/x"),
        ("http://me:hun#ter2@hub.lab", "http://hub.lab"),
        ("http://me:%68unter2@[::1]:80/", "http://[::1]:80/"),
        ("rtsp://cam/s?user=me&pwd=hunter2&channel=1", "rtsp://cam/s?user=***&pwd=***&channel=1"),
        ("http://cam/v?access_token=hunter2#top", "http://cam/v?access_token=***#top"),
        ("at http://a:b@c/d, then rtsp://e:f@g.", "at http://c/d, then rtsp://g."),
        ("http://hub.lab:8080/@scope/x", "http://hub.lab:8080/@scope/x"),
        ("https://hub.lab/a@b", "https://hub.lab/a@b"),
        ("me@example.org and /dev/video0", "me@example.org and /dev/video0"),
    ],
)
def test_an_address_keeps_everything_but_its_secrets(text: str, rest: str) -> None:
    assert without_secrets(text) == rest


@given(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(st.characters(exclude_characters="@")))
def test_no_password_is_left(user: str, password: str) -> None:
    secret = f"Q{''.join(password.split())}Q"
    assert secret not in without_secrets(f"http://{user}:{secret}@hub.lab/x")
