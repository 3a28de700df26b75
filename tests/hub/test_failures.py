import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from lerecord.errors import HubError
from lerecord.hub.endpoint import Endpoint
from lerecord.hub.failures import PassingError, Place

PLACE = Place("me/box", Endpoint("https://hub.example"))


class XetAuthenticationError(Exception):
    """As hf_xet names it."""


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(ZeroDivisionError), PLACE.told():
        raise ZeroDivisionError


def test_an_own_failure_stays_what_it_is() -> None:
    with pytest.raises(HubError, match="as it was"), PLACE.told():
        raise HubError("as it was")


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError("reset"),
        TimeoutError(),
        RuntimeError("Data processing error: CAS service error"),
        LocalEntryNotFoundError("An error happened while trying to locate the file"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_way_that_is_cut_may_come_back(error: Exception) -> None:
    with pytest.raises(PassingError, match=r"hub\.example cannot be reached \("), PLACE.told():
        raise error


def test_the_cause_of_a_failed_upload_is_what_is_said() -> None:
    upload = RuntimeError("Error while uploading 'a.mp4' to the Hub.")
    upload.__cause__ = XetAuthenticationError("expired")
    with pytest.raises(HubError, match="does not accept the token"), PLACE.told():
        raise upload
