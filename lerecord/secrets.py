"""Keeping the secrets that addresses carry out of what is printed and stored."""

import re

# A host with a port also has a colon, and a password may hold whatever its owner typed.
_PORT = r"(?![^\s/?#@:]*:\d+(?:[/?#]|$))"
_USER = re.compile(rf"(?<=://){_PORT}(?:[^\s/?#]*|[^\s/?#@:]*:[^\s@]*)@")
_SECRET = re.compile(
    r"(?i)(?<=[?&;])([\w.-]*(?:pass|pwd|token|secret|auth|key|user|login)[\w.-]*)=[^&;#\s]*"
)
HIDDEN = "***"


def without_secrets(text: str) -> str:
    """A text whose addresses have neither user, password nor secret parameters.

    Args:
        text: an address, or any text that quotes addresses.

    Returns:
        The same with "user:password@" removed from each address, and the values of parameters
        whose names speak of secrets replaced by `***`.
    """
    return _SECRET.sub(rf"\1={HIDDEN}", _USER.sub("", text))
