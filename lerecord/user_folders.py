"""Where lerecord keeps what it knows of this user's arms, sessions and datasets.

Relative paths count as none, as the XDG base directory specification says: each working folder
would have a state of its own.
"""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

NO_HOME = "this user has no home folder"


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """For what cannot be made again: `lerecord` below $XDG_STATE_HOME, or below ~/.local/state.

    Args:
        environ: the environment; where its HOME is not absolute, the system knows the home.

    Returns:
        The folder, absolute, which need not be there; None for a user without a home.
    """
    return _folder(environ, "XDG_STATE_HOME", Path(".local", "state"))


def cache_folder(environ: Mapping[str, str]) -> Path | None:
    """Likewise for what saves time only: below $XDG_CACHE_HOME, or below ~/.cache."""
    return _folder(environ, "XDG_CACHE_HOME", Path(".cache"))


def _folder(environ: Mapping[str, str], variable: str, below_home: Path) -> Path | None:
    given = environ.get(variable, "")
    if given.startswith("/"):
        return Path(given, "lerecord")
    home = environ.get("HOME", "")
    home = home if home.startswith("/") else _registered_home()
    return Path(home) / below_home / "lerecord" if home.startswith("/") else None


def _registered_home() -> str:
    """Empty where the system does not know this user, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""
