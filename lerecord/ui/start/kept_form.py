"""The form of the last session that was begun on this machine."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from lerecord.ui.start.form import Form
from lerecord.user_folders import NO_HOME, state_folder


class KeptForm:
    """A file with a form.

    Args:
        path: that need not be there; None where nothing can be kept.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> "KeptForm":
        """The one in the state folder of this user."""
        folder = state_folder(environ)
        return cls(None if folder is None else folder / "station.json")

    def read(self) -> Form | None:
        """None where there is none that this version understands: the page begins without it."""
        if self._path is None:
            return None
        try:
            return Form.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, form: Form) -> None:
        """The file is whole at any moment.

        Raises:
            OSError: it cannot be written.
        """
        if self._path is None:
            raise FileNotFoundError(errno.ENOENT, NO_HOME)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}")
        partial.write_text(form.model_dump_json() + "\n", encoding="utf-8")
        partial.replace(self._path)
