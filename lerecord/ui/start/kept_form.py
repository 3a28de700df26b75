"""The form of the last session that was begun on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from lerecord.ui.start.form import Form


class KeptForm:
    """A file with a form.

    Args:
        path: that need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> "KeptForm":
        """The one below $XDG_STATE_HOME, or ~/.local/state where that is not set."""
        state = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or "/", ".local/state")
        return cls(Path(state, "lerecord", "station.json"))

    def read(self) -> Form | None:
        """None where there is none that this version understands: the page begins without it."""
        try:
            return Form.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

    def keep(self, form: Form) -> None:
        """The file is whole at any moment.

        Raises:
            OSError: it cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(f".{os.getpid()}")
        partial.write_text(form.model_dump_json() + "\n", encoding="utf-8")
        partial.replace(self._path)
