"""The one place where a dataset changes: every change is a transaction of two phases.

Phase 1 writes each new file under a name of its own below `.lerecord/txn/` and touches nothing
else; a manifest, put there by one rename, is the mark that the change is made. Phase 2 carries
the manifest's steps out. Each step may be carried out again, so opening a dataset finishes a
marked transaction and drops an unmarked one, whenever the process or the power went away.
"""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from lerecord.dataset import layout
from lerecord.dataset.disk import fingerprint_of, link_or_copy, refused
from lerecord.dataset.sync import make_folder, sync_file, sync_folders
from lerecord.errors import DatasetError

_MANIFEST = "manifest.json"
_VERSION = 1

Probe = Callable[[str], None]
"""Told what comes next, before each effect on the disk: there a test stops the process."""


_NOT_CLEARED = "a change that was never made lies there still"
_UNCERTAIN = "whether the change is made shows when the dataset is opened again"
_TO_BE_FINISHED = "the change is made and the next command finishes it"


def unobserved(step: str) -> None:
    """The probe of everyone but tests."""


@dataclass(frozen=True, slots=True)
class Move:
    """Put a staged file in its place, over what may be there."""

    source: str
    """Name in the transaction's folder."""
    target: str
    """Path in the dataset, as in every step."""
    fingerprint: str | None = None
    """Of the staged file, from the mark on: it tells that file from the one it replaces."""


@dataclass(frozen=True, slots=True)
class Append:
    """Let a file go on with `data` after its first `length` bytes; it is made when missing."""

    target: str
    length: int
    data: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove a file or a folder with everything in it; none is fine."""

    target: str


Step = Move | Append | Remove
_KINDS: Mapping[str, type[Step]] = {"move": Move, "append": Append, "remove": Remove}


class Transaction:
    """One change of a dataset, by a process that holds its lock.

    As a context manager it drops what is not committed. Steps are carried out in the order in
    which they were asked for, but info.json last and the clearing of staged takes after it.

    An OSError in its block, before the mark, becomes the DatasetError that says so.

    Args:
        root: the dataset.
        probe: told what comes next, for tests.
        needed_bytes: what the new files will take, for the operator whose disk is full.
    """

    def __init__(self, root: Path, probe: Probe = unobserved, needed_bytes: int = 0) -> None:
        self._root = root
        self._probe = probe
        self._needed_bytes = needed_bytes
        self._steps: list[Step] = []
        self._written: set[str] = set()
        self._marked = False
        self._folder = root / layout.TRANSACTIONS / secrets.token_hex(8)
        try:
            probe("begin")
            make_folder(self._folder.parent)
            self._folder.mkdir()
        except OSError as error:
            raise self._refused(error) from error

    def place(self, target: str) -> Path:
        """Where to write the new file that will be at `target`."""
        self._probe(f"stage {target}")
        source = self._next(target)
        self._written.add(source)
        return self._folder / source

    def bring(self, old: str, target: str) -> None:
        """The file that is at `old` now will be at `target`, whatever comes to `old`.

        A second name of it is made here, so that no step depends on another: a chain of renames
        could not be carried out again after a kill. `old` itself stays unless a step changes it.
        """
        self._probe(f"stage {target}")
        source = self._next(target)
        if not link_or_copy(self._root / old, self._folder / source):
            self._written.add(source)

    def _next(self, target: str) -> str:
        source = f"{len(self._steps):06d}"
        self._steps.append(Move(source, target))
        return source

    def put(self, target: str, data: bytes) -> None:
        """The file at `target` will have this content."""
        self.place(target).write_bytes(data)

    def append(self, target: str, data: bytes) -> None:
        """Lines to be added to the end of a file of lines."""
        path = self._root / target
        length = path.stat().st_size if path.exists() else 0
        if length and not _ends_in_newline(path):
            data = b"\n" + data  # else two records are glued
        if path.is_symlink():  # what it leads to is not the dataset's own: it may be a cache's
            self.put(target, path.read_bytes() + data)
            return
        self._steps.append(Append(target, length, data.decode()))

    def remove(self, target: str) -> None:
        """The file or folder will be gone."""
        self._steps.append(Remove(target))

    def commit(self) -> None:
        """Make the change: from its mark on it will be there, whatever happens.

        Raises:
            DatasetError: the disk refused; before the mark nothing has changed, after it the
                next command that opens the dataset goes on.
        """
        try:
            steps = sorted(map(self._identified, self._steps), key=_rank)
            self._mark(steps)
        except OSError as error:
            raise self._refused(error) from error
        self._marked = True
        try:
            _carry_out(self._root, self._folder, steps, self._probe)
        except OSError as error:
            raise refused(self._root, error, _TO_BE_FINISHED) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._marked:
            return
        try:  # a mark that could not be synced may be on the disk all the same
            _unmark(self._folder)
        except OSError as again:
            raise refused(self._root, again, _UNCERTAIN) from error
        shutil.rmtree(self._folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> DatasetError:
        return refused(self._root, error, "nothing was changed", self._needed_bytes)

    def _identified(self, step: Step) -> Step:
        if isinstance(step, Move):
            return replace(step, fingerprint=fingerprint_of(self._folder / step.source))
        return step

    def _mark(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Move) and step.source in self._written:
                self._probe(f"sync {step.target}")
                sync_file(self._folder / step.source)
        draft = self._folder / "draft"
        self._probe("write manifest")
        draft.write_text(_to_manifest(steps), encoding="utf-8")
        sync_file(draft)
        sync_folders([self._folder.parent, self._folder])
        self._probe("mark")
        draft.rename(self._folder / _MANIFEST)
        sync_file(self._folder)


def finish_pending(root: Path, probe: Probe = unobserved) -> bool:
    """Finish a marked transaction and drop unmarked ones; needs the lock.

    Returns:
        True when one was finished: the dataset has changed.

    Raises:
        DatasetError: it cannot be finished.
    """
    finished = False
    for folder in transactions(root):
        steps = marked_steps(folder)
        try:
            if steps is None:
                probe("drop")
                shutil.rmtree(folder)
                continue
            _sync_again(root, steps)
            _carry_out(root, folder, steps, probe)
        except OSError as error:
            raise refused(root, error, _TO_BE_FINISHED if steps else _NOT_CLEARED) from error
        finished = True
    return finished


def has_pending(root: Path) -> bool:
    """True when a transaction was left; also while another process is in one."""
    return bool(transactions(root))


def _rank(step: Step) -> int:
    if step.target.startswith(f"{layout.PRIVATE}/"):
        return 2
    return 1 if step.target == layout.INFO else 0


def transactions(root: Path) -> list[Path]:
    """The folders of transactions that were left, or that another process is in."""
    try:
        return sorted((root / layout.TRANSACTIONS).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _to_manifest(steps: Iterable[Step]) -> str:
    names = {kind: name for name, kind in _KINDS.items()}
    data = [{"kind": names[type(step)], **asdict(step)} for step in steps]
    return json.dumps({"version": _VERSION, "steps": data}, ensure_ascii=False)


def marked_steps(folder: Path) -> list[Step] | None:
    """The steps of the transaction in a folder; None when it is not marked."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if manifest["version"] != _VERSION:
        raise DatasetError(
            f"{folder} was left by another version of lerecord; finish it with that version."
        )
    return [_KINDS[step.pop("kind")](**step) for step in manifest["steps"]]


def _unmark(folder: Path) -> None:
    """Take the mark away for good: what is left of the change must not look committed later."""
    manifest = folder / _MANIFEST
    if manifest.exists():
        manifest.unlink()
        sync_file(folder)


def _sync_again(root: Path, steps: Iterable[Step]) -> None:
    """Sync what a killed process may have made or changed before it came to its own syncs."""
    places = {(root / step.target).parent for step in steps}
    above = {each for place in places for each in place.parents if each.is_relative_to(root)}
    sync_folders(places | above)


def _carry_out(root: Path, folder: Path, steps: Iterable[Step], probe: Probe) -> None:
    for step in steps:  # a file must not come to a folder that a power cut takes away
        if not isinstance(step, Remove):
            make_folder((root / step.target).parent)
    changed = []
    for number, step in enumerate(steps):
        probe(f"step {number} {type(step).__name__.lower()} {step.target}")
        if _do(root, folder, step):
            changed.append((root / step.target).parent)
    probe("sync folders")
    sync_folders(changed)
    probe("unmark")
    _unmark(folder)
    probe("clear")
    shutil.rmtree(folder)


def _do(root: Path, folder: Path, step: Step) -> bool:
    """Carry out a step; True when a name in its target's folder has changed."""
    target = root / step.target
    match step:
        case Move(source):
            return _move(root, folder / source, step)
        case Append():
            return _append(root, step)
        case Remove():
            if target.is_dir() and not target.is_symlink():
                shutil.rmtree(target)
                return True
            there = target.is_symlink() or target.exists()
            target.unlink(missing_ok=True)
            return there


def _move(root: Path, source: Path, step: Move) -> bool:
    target = root / step.target
    if os.path.lexists(source):
        source.replace(target)
        return True
    if not _was_moved(step, target):
        raise DatasetError(f"{step.target} was lost while the dataset was changed; restore {root}.")
    return False


def _append(root: Path, step: Append) -> bool:
    target = root / step.target
    is_new = not target.exists()
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(descriptor, "r+b") as file:
        if file.seek(0, os.SEEK_END) < step.length:
            raise DatasetError(
                f"{step.target} became shorter while the dataset was changed; restore {root}."
            )
        file.truncate(step.length)
        file.seek(step.length)
        file.write(step.data.encode())
        file.flush()
        os.fsync(file.fileno())
    return is_new


def _was_moved(step: Move, target: Path) -> bool:
    """True when the file at `target` is the staged one: the old one would be another's content."""
    if target.is_symlink() or not target.is_file():
        return False
    return step.fingerprint in (None, fingerprint_of(target))


def _ends_in_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
