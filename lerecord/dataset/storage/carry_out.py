"""The second phase of a change: its steps are carried out, each of them as often as it takes."""

import os
import shutil
import stat
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from lerecord.dataset.storage import inside, manifest
from lerecord.dataset.storage.disk import fingerprint_of
from lerecord.dataset.storage.manifest import Append, Move, Remove, Step
from lerecord.dataset.storage.sync import sync_file, sync_folders
from lerecord.errors import DatasetError

_MOST_OPEN = 64

Probe = Callable[[str], None]
"""Told what comes next, before each effect on the disk: there a test stops the process."""


def require_own(root: Path, steps: Iterable[Step]) -> None:
    """Refuse, before anything is touched, a change of what lies behind a link or is no file.

    Raises:
        DatasetError: a target is reached through a link, or is a folder where a file is to be.
    """
    places: dict[str, list[Step]] = {}
    for step in steps:
        places.setdefault(_above(step), []).append(step)
    for place, each in places.items():
        names = [step.target.rpartition("/")[2] for step in each]
        for step, found in zip(each, inside.statuses(root, place, names), strict=True):
            if found is not None and stat.S_ISDIR(found.st_mode) and not isinstance(step, Remove):
                raise DatasetError(
                    f"{root / step.target} is a folder in a file's place; remove it."
                )


def sync_again(root: Path, steps: Iterable[Step]) -> None:
    """Sync what a killed process may have made or changed before it came to its own syncs."""
    places = {(root / step.target).parent for step in steps}
    above = {each for place in places for each in place.parents if each.is_relative_to(root)}
    sync_folders(places | above)


def carry_out(root: Path, name: str, steps: Iterable[Step], probe: Probe) -> None:
    """Do everything that a marked transaction says, then clear it.

    Args:
        root: the dataset.
        name: the transaction's folder, a path below it.
        steps: of its manifest.
        probe: told what comes next, for tests.

    Raises:
        DatasetError: a file that it needs is lost, or there is a link on the way.
        OSError: the disk refuses.
    """
    _make_folders(root, steps)
    changed = set()
    with inside.folder(root, name) as staged, _Places(root) as places:
        for number, step in enumerate(steps):
            probe(f"step {number} {type(step).__name__.lower()} {step.target}")
            if _do(root, staged, places, step):
                changed.add(_above(step))
    probe("sync folders")
    sync_folders(root / each for each in changed)
    probe("unmark")
    unmark(root / name)
    probe("clear")
    shutil.rmtree(root / name)


def unmark(folder: Path) -> None:
    """Take the mark away for good: what is left of the change must not look committed later."""
    mark = folder / manifest.NAME
    if mark.exists():
        mark.unlink()
        sync_file(folder)


def _make_folders(root: Path, steps: Iterable[Step]) -> None:
    """A file must not come to a folder that a power cut takes away."""
    places = {_above(step) for step in steps if not isinstance(step, Remove)}
    for place in sorted(places):
        with inside.folder(root, place, make=True):
            pass


def _above(step: Step) -> str:
    return step.target.rpartition("/")[0]


class _Places:
    """Folders that steps lead to, kept open: many steps lead to the same few."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, int] = {}
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.close()

    def descriptor(self, place: str) -> int:
        """Of a folder below the root; valid until the next is asked for."""
        if place not in self._open:
            if len(self._open) == _MOST_OPEN:
                self._closing.close()
                self._open.clear()
            self._open[place] = self._closing.enter_context(inside.folder(self._root, place))
        return self._open[place]


def _do(root: Path, staged: int, places: _Places, step: Step) -> bool:
    """Carry out a step; True when a name in its target's folder has changed."""
    match step:
        case Move():
            return _move(root, staged, places, step)
        case Append():
            return _append(root, step)
        case Remove(target):
            there = inside.status(root, target) is not None
            inside.remove(root, target)
            return there


def _move(root: Path, staged: int, places: _Places, step: Move) -> bool:
    above, _, name = step.target.rpartition("/")
    place = places.descriptor(above)
    try:
        os.replace(step.source, name, src_dir_fd=staged, dst_dir_fd=place)
        return True
    except FileNotFoundError:
        pass
    if not _was_moved(step, root):
        raise DatasetError(f"{step.target} was lost while the dataset was changed; restore {root}.")
    return False


def _was_moved(step: Move, root: Path) -> bool:
    """True when the file at the target is the staged one, and not the one that it replaces."""
    found = inside.status(root, step.target)
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    return step.fingerprint in (None, fingerprint_of(root / step.target))


def _append(root: Path, step: Append) -> bool:
    is_new = inside.status(root, step.target) is None
    descriptor = inside.open_file(root, step.target, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        if file.seek(0, os.SEEK_END) < step.length:
            raise DatasetError(
                f"{step.target} became shorter while the dataset was changed; restore {root}."
            )
        file.truncate(step.length)
        file.seek(max(0, step.length - 1))
        last = file.read()
        file.write(step.behind(last))
        file.flush()
        os.fsync(file.fileno())
    return is_new
