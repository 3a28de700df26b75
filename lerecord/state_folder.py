"""Where lerecord keeps what it knows of this user's arms, sessions and datasets."""

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

NO_HOME = "this user has no home folder"


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """`lerecord` below $XDG_STATE_HOME, or below ~/.local/state where that is not absolute.

    So says the XDG base directory specification: by a relative path, each working folder would have
    a state of its own.

    Args:
        environ: the environment; where its HOME is not absolute either, the system knows the home.

    Returns:
        The folder, absolute, which need not be there; None for a user without a home.
    """
    given = environ.get("XDG_STATE_HOME", "")
    if given.startswith("/"):
        return Path(given, "lerecord")
    home = environ.get("HOME", "")
    home = home if home.startswith("/") else _registered_home()
    return Path(home, ".local", "state", "lerecord") if home.startswith("/") else None


def _registered_home() -> str:
    """Empty where the system does not know this user, as in a container."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""
