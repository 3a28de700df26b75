"""What goes wrong between here and the Hub, as a sentence each, and whether it may pass by itself.

The client's own exceptions differ: `requests` stands below huggingface_hub 0.36, `httpx` below 1.x,
`httpx2` below 2.x. What HfHubHTTPError inherits from is the root of theirs.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from huggingface_hub.errors import (
    EntryNotFoundError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RevisionNotFoundError,
)

from lerecord.errors import HubError, LerecordError
from lerecord.hub.channel import OversizeError
from lerecord.hub.endpoint import Endpoint
from lerecord.hub.waiting import TooSlowError

_CLIENT_ERROR = next(
    base
    for base in reversed(HfHubHTTPError.__mro__)
    if issubclass(base, Exception) and base.__module__ != "builtins"
)
_LONGEST_WAIT_S = 300.0
_LONGEST_QUOTE = 300
_SILENCE_WEIGHS = 3
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, AssertionError)
"""What the client raises for an answer that has not the form that it expects."""

_SENTENCES: Mapping[int, str] = {
    401: "The Hub does not accept the token (401); log in with `hf auth login`, or set HF_TOKEN to "
    "a valid token.",
    403: "The token does not give write access to {repo} (403){said}; use a token that may write "
    "to it, or another --repo-id.",
    404: "{repo} is not on the Hub at {endpoint}, or the token may not see it (404); check the "
    "name, and log in with `hf auth login`.",
    412: "Others keep changing {repo} ({status}); try again when they are done.",
    429: "The Hub accepts no more requests from this account for now (429); try again in some "
    "minutes, what was sent is not sent again.",
}
_XET_REFUSES = ("XetAuthenticationError", "XetAuthorizationError", "XetRefreshTokenError")
"""By name: hf_xet need not be there, and huggingface_hub 0.36 has two of its own."""

_FAILS = (
    "The Hub at {endpoint} fails ({status}{said}); try again later, what was sent is not "
    "sent again."
)
_REFUSED = "The Hub refuses what it was asked for {repo} ({status}{said}); fix that and try again."
_UNREACHABLE = (
    "The Hub at {endpoint} cannot be reached ({said}); check the network and try again, what "
    "was sent is not sent again."
)


class PassingError(HubError):
    """May pass by itself.

    Attributes:
        wait_s: that the Hub asks to wait for; 0 when it does not say.
        weight: as how many failures it counts; what took long to find out is tried less often.
    """

    def __init__(self, sentence: str, wait_s: float = 0.0, weight: int = 1) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s
        self.weight = weight


class OvertakenError(PassingError):
    """Somebody else has changed the repository since it was looked at."""


class MissingError(HubError):
    """The repository is not there, or hidden from this token."""


@dataclass(frozen=True, slots=True)
class Place:
    """What was asked: a repository on a Hub."""

    repo: str
    endpoint: Endpoint

    @contextmanager
    def told(self) -> Iterator[None]:
        """Let the client's errors leave the block as HubError; any other is a bug."""
        try:
            yield
        except LerecordError:
            raise
        except Exception as error:
            if (failure := self._failure(error)) is None:
                raise
            raise failure from error

    def _failure(self, error: Exception) -> HubError | None:
        match error:
            case LocalEntryNotFoundError():  # a download that failed, whatever the cause
                known = isinstance(error.__cause__, Exception) and self._failure(error.__cause__)
                return known or self._unreachable(error)
            case RevisionNotFoundError() | EntryNotFoundError():
                return None  # asked for only where it is handled
            case HfHubHTTPError() if _is_hidden(error):
                return MissingError(self._said(404, error))
            case HfHubHTTPError():
                return self._of_status(error)
            case RuntimeError(__cause__=Exception() as cause):
                return self._failure(cause)  # "Error while uploading", by the client
        # hf_xet, which is no part of the client, raises these of Python's own.
        if isinstance(error, _CLIENT_ERROR | ConnectionError | TimeoutError | RuntimeError):
            return self._refused_here(error) or self._unreachable(error)
        return self._refused_here(error) or self._unreadable(error)

    def _refused_here(self, error: Exception) -> HubError | None:
        """What this side does not do, or not any longer."""
        match error:
            case LocalTokenNotFoundError():
                return HubError(no_token())
            case OfflineModeIsEnabled():
                return HubError("HF_HUB_OFFLINE is set, so the Hub is not asked; unset it.")
            case TooSlowError() | OversizeError():
                return HubError(
                    f"The Hub at {self.endpoint.shown} takes too long to answer ({error}); "
                    f"check the network and HF_ENDPOINT, and try again."
                )
        return HubError(_SENTENCES[401]) if type(error).__name__ in _XET_REFUSES else None

    def _unreadable(self, error: Exception) -> HubError | None:
        if not isinstance(error, _UNREADABLE):
            return None
        said = self._short(f"{type(error).__name__}: {error}")
        return HubError(
            f"The Hub at {self.endpoint.shown} gave an answer that cannot be read ({said}); check "
            f"that HF_ENDPOINT names a Hub, and try again."
        )

    def _unreachable(self, error: Exception) -> PassingError:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        sentence = _UNREACHABLE.format(endpoint=self.endpoint.shown, said=self._short(said))
        silent = isinstance(error, TimeoutError) or "Timeout" in type(error).__name__
        return PassingError(sentence, weight=_SILENCE_WEIGHS if silent else 1)

    def _short(self, text: str) -> str:
        hidden = self.endpoint.hide(text)
        return hidden if len(hidden) <= _LONGEST_QUOTE else f"{hidden[:_LONGEST_QUOTE]}..."

    def _of_status(self, error: HfHubHTTPError) -> HubError:
        status = error.response.status_code
        sentence = self._said(status, error)
        if status == 404:
            return MissingError(sentence)
        if status in (409, 412):
            return OvertakenError(sentence)
        if status in (408, 425, 429) or status >= 500:
            return PassingError(sentence, _asked_wait_s(error.response.headers))
        return HubError(sentence)

    def _said(self, status: int, error: HfHubHTTPError) -> str:
        other = _FAILS if status >= 500 else _REFUSED
        said = self._short((error.server_message or "").strip().rstrip(".").replace("\n", " "))
        return _SENTENCES.get(412 if status == 409 else status, other).format(
            repo=self.repo,
            endpoint=self.endpoint.shown,
            status=status,
            said=f": {said}" if said else "",
        )


def no_token() -> str:
    """The sentence when nobody has logged in."""
    return (
        "There is no token for the Hub; log in with `hf auth login`, or set HF_TOKEN to a token "
        "that may write."
    )


def _is_hidden(error: HfHubHTTPError) -> bool:
    # Without a login the Hub answers 401 for a repository that it hides or has not; the client
    # takes every 401 for that.
    return error.response.headers.get("X-Error-Code") == "RepoNotFound"


def _asked_wait_s(headers: Mapping[str, str]) -> float:
    """Seconds that the Hub asks to wait: `Retry-After: 30`, or `RateLimit: "api";r=0;t=30`."""
    for name, pattern in (("Retry-After", r"(\d+)$"), ("RateLimit", r"\bt=(\d+)")):
        if (found := re.search(pattern, headers.get(name) or "")) is not None:
            return min(float(found[1]), _LONGEST_WAIT_S)
    return 0.0
