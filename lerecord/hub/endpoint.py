"""The address of a Hub: what may be shown of it, and who can listen on the way to it."""

import ipaddress
import os
from urllib.parse import unquote, urlsplit

from lerecord.errors import HubError
from lerecord.secrets import HIDDEN, without_secrets

PUBLIC = "https://huggingface.co"


class Endpoint:
    """An address that may carry a user and a password.

    Args:
        url: as the client has it.

    Attributes:
        url: the same; never printed or stored.
        shown: without user and password.

    Raises:
        HubError: it is none that can be asked.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.shown = without_secrets(self.url)
        try:
            parts = urlsplit(self.url)
            self._host, _ = parts.hostname or "", parts.port
        except ValueError:
            self._host = ""
        if not self._host or parts.scheme not in ("http", "https"):
            raise HubError(
                f"HF_ENDPOINT is not the address of a Hub; unset it, or set it to one such as "
                f"{PUBLIC}."
            )
        self._is_plain = parts.scheme == "http"
        secret = parts.password or parts.username or ""  # a token may stand in a user's place
        self._secrets = [each for each in (secret, unquote(secret)) if each]

    def hide(self, text: str) -> str:
        """A text of the client's or the server's, without what this address keeps secret."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return without_secrets(text)

    def warning(self, has_token: bool) -> str | None:
        """The sentence when a token or a password travels in the clear; None when none does."""
        if not self._is_plain or _is_here(self._host) or not (has_token or self._secrets):
            return None
        return (
            f"HF_ENDPOINT is {self.shown}, plain http: whoever listens on the way reads your "
            f"token; use https."
        )


def of_environment() -> Endpoint:
    """That of HF_ENDPOINT, or the public one; to be asked before the client is imported.

    Raises:
        HubError: it is none. The client breaks on it while it is imported, and quotes it.
    """
    return Endpoint(os.environ.get("HF_ENDPOINT") or PUBLIC)


def _is_here(host: str) -> bool:
    """True for the loopback, which nobody else listens on."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
