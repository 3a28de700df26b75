"""The files that a change carries over: each must be there before anything is touched."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lerecord.dataset.edit.episode_list import FileChange, NewSidecar, NewTable, Rename, Slot, Stays
from lerecord.dataset.format import layout
from lerecord.errors import DatasetError


def require_sources(root: Path, slots: Sequence[Slot], changes: Iterable[FileChange]) -> None:
    """Refuse a change that needs a file which is not there, so that no episode gets another's.

    Raises:
        DatasetError: one is missing, or is a link to nothing; it is named.
    """
    for change in changes:
        for name in _sources(slots, change):
            path = root / name
            if not path.is_file():
                raise DatasetError(
                    f"{path} {_absence(path)}, and this change needs it, so nothing was changed; "
                    f"restore it, or delete its episode with `lerecord edit delete` as well."
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
