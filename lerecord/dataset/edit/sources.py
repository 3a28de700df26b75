"""The files that a change carries over: each must be there before anything is touched."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from lerecord.dataset.edit.episode_list import FileChange, NewSidecar, NewTable, Rename, Slot, Stays
from lerecord.dataset.format import layout
from lerecord.errors import DatasetError


def require_sources(
    root: Path, slots: Sequence[Slot], changes: Iterable[FileChange]
) -> dict[str, int]:
    """Refuse a change that needs a file which is not there, so that no episode gets another's.

    Returns:
        The size of each file that it needs, in bytes, by its path in the dataset.

    Raises:
        DatasetError: one is missing, or is a link to nothing; it is named.
    """
    needed = (name for change in changes for name in _sources(slots, change))
    return {name: _size(root, name) for name in needed}


def _size(root: Path, name: str) -> int:
    with suppress(OSError):
        found = os.lstat(f"{root}/{name}")
        if stat.S_ISLNK(found.st_mode):
            found = (root / name).stat()
        if stat.S_ISREG(found.st_mode):
            return found.st_size
    path = root / name
    raise DatasetError(
        f"{path} {_absence(path)}, and this change needs it, so nothing was changed; restore it, "
        f"or delete its episode with `lerecord edit delete` as well."
    )


def _sources(slots: Sequence[Slot], change: FileChange) -> Iterator[str]:
    """What a change reads of an episode that stays; a new episode brings its own files."""
    match change:
        case Rename(old=old):
            yield old
        case NewTable(episode):
            if isinstance(slot := slots[episode], Stays):
                yield layout.data_file(slot.old)
        case NewSidecar(episode):
            if isinstance(slot := slots[episode], Stays):
                yield layout.capture_file(slot.old)


def _absence(path: Path) -> str:
    if path.is_symlink():
        return f"is a link to {path.readlink()}, which is not there"
    return "is not a file" if path.exists() else "is missing"
