"""The metadata of a dataset that is about to change: each file is opened once and passed on."""

import os
from pathlib import Path

from lerecord.dataset.format import open_regular, read_meta_file
from lerecord.errors import DatasetError
from lerecord.refusals import remedy_of

_TAIL = 1 << 20  # bytes in which the last line of a file of lines is looked for


class MetaFiles:
    """The files below meta/ and those of annotations, as a process with the lock finds them.

    Args:
        root: the dataset.
        entire: read a file whole where only its end is asked for; for those who need the rest.
    """

    def __init__(self, root: Path, entire: bool = False) -> None:
        self.root = root
        self._entire = entire
        self._found: dict[str, bytes | None] = {}

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            DatasetError: it is missing or cannot be read.
        """
        data = self._found.get(name)
        if data is None:
            data = self._found[name] = read_meta(self.root, name)
        return data

    def find(self, name: str) -> bytes | None:
        """As `read`; None of a file that is missing."""
        if name not in self._found and not (self.root / name).exists():
            self._found[name] = None
        return self.read(name) if self._found.get(name, b"") is not None else None

    def end_of(self, name: str) -> bytes:
        """The last lines of a file; empty when it is missing."""
        if self._entire or name in self._found:
            return self.find(name) or b""
        path = self.root / name
        return _tail(path) if path.exists() else b""


def read_meta(root: Path, name: str) -> bytes:
    """A file below meta/ or capture/; raises DatasetError when it cannot be read."""
    try:
        return read_meta_file(root / name, name)
    except OSError as error:
        raise _unreadable(root / name, error) from error


def _tail(path: Path) -> bytes:
    try:
        with os.fdopen(open_regular(path), "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return file.read()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> DatasetError:
    gone = isinstance(error, FileNotFoundError)
    remedy = "restore it from a copy" if gone else remedy_of(error) or "restore it from a copy"
    return DatasetError(f"{path} cannot be read ({error.strerror}); {remedy}.")
