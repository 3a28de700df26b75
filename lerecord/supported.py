"""Where lerecord runs, said before anything that runs nowhere else is imported."""

import sys
from pathlib import Path

from lerecord.errors import LerecordError


def require_supported() -> None:
    """Raises LerecordError on Windows, and where the working folder is gone."""
    if sys.platform == "win32":
        raise LerecordError(
            "lerecord runs on Linux and macOS, and on Windows inside WSL2; run `wsl --install` and "
            "install lerecord there."
        )
    try:
        Path.cwd()
    except OSError as error:
        raise LerecordError(
            f"The working folder cannot be used ({error.strerror}), for it was deleted or closed; "
            f"change to another one with `cd`."
        ) from error
