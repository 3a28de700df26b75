"""From one list of episodes to another, in one transaction; only what changes is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from lerecord.dataset.edit import operation_log
from lerecord.dataset.edit.ahead import Ahead
from lerecord.dataset.edit.episode_list import (
    Draft,
    EpisodeList,
    FileChange,
    Gone,
    NewSidecar,
    NewTable,
    NewVideo,
    Rename,
    Slot,
    Stays,
    file_changes,
)
from lerecord.dataset.edit.labelling import with_columns
from lerecord.dataset.edit.new_metadata import NewMetadata
from lerecord.dataset.edit.operation_record import Done, Kept, Operation
from lerecord.dataset.edit.sources import require_sources
from lerecord.dataset.format import (
    Place,
    StoredSidecar,
    episode_table,
    layout,
    metadata,
    table_at_place,
)
from lerecord.dataset.storage import (
    DatasetLock,
    DatasetState,
    Encoded,
    MetaFiles,
    Probe,
    Transaction,
    finish_pending,
    require_changeable,
    unobserved,
)
from lerecord.progress import Advance, Progress, silent


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what happens: the progress of long work, and each effect on the disk."""

    progress: Progress = silent
    probe: Probe = unobserved


@dataclass(frozen=True, slots=True)
class Change:
    """What else one operation is, beside its new list.

    Attributes:
        done: its kind and how it was asked for.
        undone: of an undo, the operation that it undoes.
        cleared: files and folders below `.lerecord/` that are used up.
        needed_bytes: that new images will take.
        encoded: what the dataset says of its videos then; None leaves what it says.
    """

    done: Done
    undone: Done | None = None
    cleared: tuple[str, ...] = ()
    needed_bytes: int = 0
    encoded: Encoded | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Rebuild:
    """A dataset that is about to be changed, by a process that holds its lock.

    Attributes:
        files: its metadata before the change.
        state: between changes.
        old: its episodes.
        watch: who is told.
    """

    files: MetaFiles
    state: DatasetState
    old: EpisodeList
    watch: Watch

    @classmethod
    def of(cls, files: MetaFiles, state: DatasetState, watch: Watch) -> Self:
        """Read the list of episodes; raises DatasetError as `EpisodeList.load`."""
        return cls(files, state, EpisodeList.load(files, state.info, state.tasks), watch)

    @property
    def root(self) -> Path:
        """The dataset."""
        return self.files.root

    @property
    def keys(self) -> list[str]:
        """The features that are videos."""
        return self.state.info.camera_keys

    def apply(self, slots: Sequence[Slot], change: Change) -> DatasetState:
        """Make the dataset one of these episodes, in one transaction.

        Returns:
            Its state then.

        Raises:
            DatasetError: the disk refuses, or a file cannot be read.
        """
        said = change.encoded
        new = NewMetadata.of(
            self.old, slots, self.state if said is None else self.state.encoded_as(said)
        )
        files = file_changes(self.old, slots, new.places, self.keys)
        sizes = require_sources(self.root, slots, files)
        operation = self._operation(slots, change, new)
        kept = [each for each in operation.before if isinstance(each, Kept)]
        counting = _Counting(self.watch, sum(map(_handlings, files)) + 2 * len(kept))
        needed_bytes = change.needed_bytes + _table_bytes(sizes) + new.size_bytes
        with Transaction(self.root, counting, needed_bytes) as transaction:
            with Ahead() as ahead:
                staging = _Staging(transaction, new, ahead, sizes)
                for each in files:
                    self._stage(staging, each)
            self._stage_metadata(transaction, new)
            self._stage_trash(transaction, operation, kept)
            for name in change.cleared:
                transaction.remove(name)
            transaction.commit()
        counting.finish()
        return new.state

    def _operation(self, slots: Sequence[Slot], change: Change, new: NewMetadata) -> Operation:
        before = (
            operation_log.with_missing(self.root, each, self.keys)
            if isinstance(each, Kept)
            else each
            for each in operation_log.list_before(self.old, slots)
        )
        return Operation(
            done=change.done,
            undone=change.undone,
            episodes=len(slots),
            digest=operation_log.digest_of(new.lines, new.stats_lines, len(slots)),
            before=tuple(before),
            encoded=None if change.encoded is None else self.state.encoded,
        )

    def _stage(self, staging: "_Staging", change: FileChange) -> None:
        transaction, new = staging.transaction, staging.new
        match change:
            case NewTable(episode):
                path = transaction.place(layout.data_file(episode))
                slot, place = new.slots[episode], new.places[episode]
                staging.begin(partial(self._write_table, path, slot, place), slot, layout.data_file)
            case NewSidecar(episode):
                path = transaction.place(layout.capture_file(episode))
                slot = new.slots[episode]
                staging.begin(partial(self._write_sidecar, path, slot), slot, layout.capture_file)
            case NewVideo(episode, key):
                slot = new.slots[episode]
                assert isinstance(slot, Draft)
                slot.videos[key](transaction.place(layout.video_file(episode, key)))
            case Rename(old, name):
                transaction.bring(old, name)
            case Gone(name):
                transaction.remove(name)

    def _write_table(self, path: Path, slot: Slot, place: Place) -> None:
        if isinstance(slot, Draft):
            episode_table.write_episode(path, slot.frames.at(place))
            return
        source = self.root / layout.data_file(slot.old)
        if self.old.has_labels and slot.label is not None:
            read = with_columns(episode_table.read_entire(source), slot.label)
            episode_table.write_episode(path, read.at(place))
        else:
            table_at_place.write_at(source, path, place)

    def _write_sidecar(self, path: Path, slot: Slot) -> None:
        if isinstance(slot, Draft):
            assert slot.sidecar is not None
            slot.sidecar(path)
        else:
            source = self.root / layout.capture_file(slot.old)
            StoredSidecar.load(source).with_facts({"task": slot.task}).write(path)

    def _stage_metadata(self, transaction: Transaction, new: NewMetadata) -> None:
        assert new.state.stats is not None
        files = {
            layout.EPISODES: new.lines,
            layout.EPISODES_STATS: new.stats_lines,
            layout.TASKS: b"".join(
                metadata.task_line(index, task) for index, task in enumerate(new.state.tasks)
            ),
            **new.annotation_lines,
            layout.STATS: metadata.stats_bytes(new.state.stats),
            layout.HARDWARE: new.state.hardware,
            layout.INFO: new.state.info.to_bytes(),
        }
        for name, data in files.items():
            if data != (self.files.find(name) or b""):
                transaction.put(name, data)

    def _stage_trash(
        self, transaction: Transaction, operation: Operation, kept: Sequence[Kept]
    ) -> None:
        name = operation_log.next_name(self.root, operation.done.kind)
        record = operation.to_bytes()
        size = len(record)
        for each in kept:
            for file, in_trash in operation_log.kept_files(each, self.keys):
                size += (self.root / file).stat().st_size
                transaction.bring(file, f"{layout.TRASH}/{name}/{in_trash}")
        transaction.put(operation_log.record_name(name), record)
        for dropped in operation_log.to_drop(self.root, size):
            transaction.remove(f"{layout.TRASH}/{dropped}")


@dataclass(frozen=True, slots=True, eq=False)
class _Staging:
    """What the files of a change are staged with.

    Attributes:
        transaction: of the change.
        new: what the dataset will say.
        ahead: writes them.
        sizes: of the files that they are made of, by path.
    """

    transaction: Transaction
    new: NewMetadata
    ahead: Ahead
    sizes: Mapping[str, int]

    def begin(self, work: Callable[[], None], slot: Slot, name: Callable[[int], str]) -> None:
        """Begin to write a file of an episode; `name` tells the path of the one it is made of."""
        if isinstance(slot, Stays):
            self.ahead.do(work, self.sizes[name(slot.old)])
        else:
            self.ahead.do(work, slot.frames.action.nbytes)


def _table_bytes(sizes: Mapping[str, int]) -> int:
    """Of the tables that will be written anew."""
    return sum(size for name, size in sizes.items() if name.startswith("data/"))


def _handlings(change: FileChange) -> int:
    """How often the transaction speaks of it: staged, synced, carried out."""
    return {Gone: 1, Rename: 2}.get(type(change), 3)


class _Counting:
    """A probe that makes progress of what the transaction is told to do."""

    def __init__(self, watch: Watch, total: int) -> None:
        self._watch = watch
        self._total = total
        self._done = 0

    def __call__(self, step: str) -> None:
        self._watch.probe(step)
        if step.startswith(("stage ", "sync ", "step ")) and self._done < self._total:
            self._watch.progress(Advance(self._done, self._total, "steps"))
            self._done += 1

    def finish(self) -> None:
        """Everything is done."""
        self._watch.progress(Advance(self._total, self._total, "steps"))


@contextmanager
def opened(root: Path, watch: Watch) -> Iterator[Rebuild]:
    """Lock a dataset to change it; what a killed process left is finished or dropped first.

    Raises:
        DatasetError: it is none, holds what a change would lose, or another process has it.
    """
    require_changeable(root)
    with DatasetLock(root):
        finish_pending(root, watch.probe)
        files = MetaFiles(root, entire=True)
        yield Rebuild.of(files, DatasetState.load(files), watch)
