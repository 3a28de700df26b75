"""What is kept from one look at the fleet to the next, in a folder of this user's."""

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lerecord.errors import ConfigError
from lerecord.refusals import said
from lerecord.user_folders import state_folder

_NAME = "fleet"


class State:
    """A folder for what was found.

    Args:
        folder: where; by default below XDG_STATE_HOME, which is ~/.local/state.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (_default() if folder is None else folder).absolute()

    def read(self, name: str) -> Mapping[str, Any]:
        """What was kept under that name; empty where nothing was, or it cannot be understood."""
        try:
            data = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def write(self, name: str, data: Mapping[str, Any]) -> None:
        """Keep this under that name.

        Raises:
            ConfigError: the folder cannot be written.
        """
        self.put(name, json.dumps(data, ensure_ascii=False).encode())

    def put(self, name: str, data: bytes) -> None:
        """Keep these bytes under that name; raises as `write`."""
        path = self.folder / name
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            draft.write_bytes(data)
            draft.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            sentence = said(error, str(path)) or f"{path}: {error.strerror}."
            raise ConfigError(
                f"{sentence.rstrip('.')}; or name another folder with --state."
            ) from error


def _default() -> Path:
    folder = state_folder(os.environ)
    if folder is None:
        raise ConfigError(
            "This user has no home folder to keep what was found; name a folder with --state."
        )
    return folder / _NAME
