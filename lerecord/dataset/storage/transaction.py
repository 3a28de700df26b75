"""The one place where a dataset changes: every change is a transaction of two phases.

Phase 1 writes each new file under a name of its own below `.lerecord/txn/` and touches nothing
else; a manifest, put there by one rename, is the mark that the change is made. Phase 2 carries
the manifest's steps out. Each step may be carried out again, so opening a dataset finishes a
marked transaction and drops an unmarked one, whenever the process or the power went away.
"""

import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside, manifest
from lerecord.dataset.storage.carry_out import Probe, carry_out, require_own, sync_again, unmark
from lerecord.dataset.storage.disk import fingerprint_of, link_or_copy, refused
from lerecord.dataset.storage.manifest import Append, ManifestError, Move, Remove, Step
from lerecord.dataset.storage.marked import marked_steps, transactions
from lerecord.dataset.storage.sync import sync_file, sync_files, sync_folders
from lerecord.errors import DatasetError

__all__ = ["Probe", "Transaction", "finish_pending", "has_pending", "unobserved"]

_NOT_CLEARED = "a change that was never made lies there still"
_UNCERTAIN = "whether the change is made shows when the dataset is opened again"
_TO_BE_FINISHED = "the change is made and the next command finishes it"


def unobserved(step: str) -> None:
    """The probe of everyone but tests."""


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
        self._name = f"{layout.TRANSACTIONS}/{secrets.token_hex(8)}"
        self._folder = root / self._name
        try:
            probe("begin")
            with inside.folder(root, layout.TRANSACTIONS, make=True) as above:
                os.mkdir(self._folder.name, 0o700, dir_fd=above)
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
        if not link_or_copy(f"{self._root}/{old}", f"{self._folder}/{source}"):
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
        step = Append(target, length, data.decode())
        found = inside.status(self._root, target)
        if found is None or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1):
            self._steps.append(step)
        else:  # what it leads to, or shares its content with, may be a cache's
            before = path.read_bytes()
            self.put(target, before + step.behind(before))

    def remove(self, target: str) -> None:
        """The file or folder will be gone."""
        self._steps.append(Remove(target))

    def commit(self) -> None:
        """Make the change: from its mark on it will be there, whatever happens.

        Raises:
            DatasetError: the disk refused; before the mark nothing has changed, after it the
                next command that opens the dataset goes on.
        """
        require_own(self._root, self._steps)
        try:
            steps = sorted(map(self._identified, self._steps), key=_rank)
            self._mark(steps)
        except OSError as error:
            raise self._refused(error) from error
        self._marked = True
        try:
            carry_out(self._root, self._name, steps, self._probe)
        except OSError as error:
            raise refused(self._root, error, _TO_BE_FINISHED) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._marked:
            return
        try:  # a mark that could not be synced may be on the disk all the same
            unmark(self._folder)
        except OSError as again:
            raise refused(self._root, again, _UNCERTAIN) from error
        shutil.rmtree(self._folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> DatasetError:
        return refused(self._root, error, "nothing was changed", self._needed_bytes)

    def _identified(self, step: Step) -> Step:
        if isinstance(step, Move):
            fingerprint = fingerprint_of(f"{self._folder}/{step.source}")
            return Move(step.source, step.target, fingerprint)
        return step

    def _mark(self, steps: Iterable[Step]) -> None:
        sync_files(self._written_by(steps))
        draft = self._folder / "draft"
        self._probe("write manifest")
        try:
            draft.write_bytes(manifest.to_bytes(steps))
        except ManifestError as error:
            raise DatasetError(f"{self._root} was not changed: {error}.") from error
        sync_file(draft)
        sync_folders([self._folder.parent, self._folder])
        self._probe("mark")
        draft.rename(self._folder / manifest.NAME)
        sync_file(self._folder)

    def _written_by(self, steps: Iterable[Step]) -> Iterator[Path]:
        for step in steps:
            if isinstance(step, Move) and step.source in self._written:
                self._probe(f"sync {step.target}")
                inside.keep_from_others(path := self._folder / step.source)
                yield path


def finish_pending(root: Path, probe: Probe = unobserved) -> bool:
    """Finish a marked transaction and drop unmarked ones; needs the lock.

    Returns:
        True when one was finished: the dataset has changed.

    Raises:
        DatasetError: it cannot be finished.
    """
    finished = False
    for name in transactions(root):
        steps = marked_steps(root, name)
        try:
            if steps is None:
                probe("drop")
                inside.remove(root, name)
                continue
            require_own(root, steps)
            sync_again(root, steps)
            carry_out(root, name, steps, probe)
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
