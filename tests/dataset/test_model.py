"""Random sequences of changes, kills and reopenings against the simplest model: a list of takes."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from lerecord.dataset.edit import Watch, operations
from lerecord.dataset.format import LabelChange, episode_table, label_of, layout, read_annotations
from lerecord.dataset.staging import StagedTake
from lerecord.dataset.storage import Snapshot, Transaction, has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from tests.dataset.lists import CAMERAS, Scripted, small_lab, stage

TASKS = st.sampled_from(["a", "b", "c"])
INDEX = st.integers(0, 99)
KILL = st.one_of(st.none(), st.integers(0, 60))
"""Before which effect on the disk the process is killed; None lets it live."""


class KilledError(Exception):
    pass


class Listed:
    """An episode of the model: its task, and the frames of a take that it still has."""

    def __init__(self, task: str, rows: tuple[float, ...], success: bool | None = None) -> None:
        self.task = task
        self.rows = rows
        self.success = success


Model = list[Listed]


class Changes(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.lab = small_lab(self.folder / "set", CAMERAS[:1])
        self.root = self.lab.root
        self.episodes: Model = []
        self.past: list[Model] = []
        """The list before each operation that can be undone."""
        self.future: list[Model] = []
        self.recorded = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _staged(self, writer: DatasetWriter, task: str, rows: int) -> tuple[StagedTake, Listed]:
        self.recorded += 1
        staged = stage(self.lab, writer, Scripted(task, rows, self.recorded))
        return staged, Listed(task, tuple(float(each.state[0]) for each in self.lab.frames[-1]))

    def _changed(self, kill: int | None, change: Callable[[Watch], Any]) -> bool:
        """Carry a change out, perhaps killed; True when it is made after the next opening."""
        steps: list[str] = []

        def probe(step: str) -> None:
            if len(steps) == kill:
                raise KilledError
            steps.append(step)

        exit_ = Transaction.__exit__
        try:
            Transaction.__exit__ = lambda *_: None  # type: ignore[method-assign]
            change(Watch(probe=probe))
        except KilledError:
            marked = "mark" in steps
            with DatasetWriter.open_or_create(self.root, self.lab.spec) as writer:
                for take in writer.left_takes:
                    writer.discard(writer.left_take(take))
            return marked
        finally:
            Transaction.__exit__ = exit_  # type: ignore[method-assign]
        return True

    def _edited(self, kill: int | None, new: Model, change: Callable[[Watch], Any]) -> None:
        old = self.episodes
        if self._changed(kill, change):
            self.past.append(old)
            self.future.clear()
            self.episodes = new

    @rule(task=TASKS, rows=st.integers(2, 5), kill=KILL)
    def record(self, task: str, rows: int, kill: int | None) -> None:
        listed: list[Listed] = []

        def change(watch: Watch) -> None:
            with self.lab.open(probe=watch.probe) as writer:
                staged, added = self._staged(writer, task, rows)
                listed.append(added)
                writer.commit(staged)

        if self._changed(kill, change):
            self.episodes = [*self.episodes, *listed]
            # What is recorded since stays behind an operation that is undone.
            self.past = [[*each, *listed] for each in self.past]
            self.future = [[*each, *listed] for each in self.future]

    @precondition(lambda self: self.episodes)
    @rule(index=INDEX, task=TASKS, rows=st.integers(2, 5), kill=KILL)
    def rerecord(self, index: int, task: str, rows: int, kill: int | None) -> None:
        index %= len(self.episodes)
        new = list(self.episodes)

        def change(watch: Watch) -> None:
            with self.lab.open(probe=watch.probe) as writer:
                staged, new[index] = self._staged(writer, task, rows)
                writer.replace(index, staged)

        self._edited(kill, new, change)

    @precondition(lambda self: len(self.episodes) > 1)
    @rule(indices=st.sets(INDEX, min_size=1, max_size=3), kill=KILL)
    def delete(self, indices: set[int], kill: int | None) -> None:
        chosen = {index % len(self.episodes) for index in indices}
        if len(chosen) < len(self.episodes):
            new = [each for index, each in enumerate(self.episodes) if index not in chosen]
            self._edited(kill, new, lambda watch: operations.delete(self.root, chosen, watch))

    @precondition(lambda self: any(len(each.rows) > 2 for each in self.episodes))
    @rule(index=INDEX, start=st.integers(0, 3), stop=st.integers(1, 5), kill=KILL)
    def trim(self, index: int, start: int, stop: int, kill: int | None) -> None:
        index %= len(self.episodes)
        old = self.episodes[index]
        part = old.rows[start:stop]
        if 2 <= len(part) < len(old.rows):
            new = list(self.episodes)
            new[index] = Listed(old.task, part, old.success)
            end = min(stop, len(old.rows)) / 30
            self._edited(kill, new, lambda w: operations.trim(self.root, index, start / 30, end, w))

    @precondition(lambda self: self.episodes)
    @rule(index=INDEX, task=TASKS, kill=KILL)
    def relabel(self, index: int, task: str, kill: int | None) -> None:
        index %= len(self.episodes)
        if self.episodes[index].task != task:
            new = list(self.episodes)
            new[index] = Listed(task, new[index].rows, new[index].success)
            self._edited(
                kill, new, lambda watch: operations.relabel(self.root, [index], task, watch)
            )

    @precondition(lambda self: self.episodes)
    @rule(index=INDEX, success=st.booleans(), kill=KILL)
    def label(self, index: int, success: bool, kill: int | None) -> None:
        index %= len(self.episodes)
        if self.episodes[index].success is not success:
            new = list(self.episodes)
            new[index] = Listed(new[index].task, new[index].rows, success)
            said = LabelChange(success)
            self._edited(kill, new, lambda w: operations.label(self.root, [index], said, w))

    @precondition(lambda self: self.past)
    @rule(kill=KILL)
    def undo(self, kill: int | None) -> None:
        if self._changed(kill, lambda watch: operations.undo(self.root, watch)):
            self.future.append(self.episodes)
            self.episodes = self.past.pop()

    @precondition(lambda self: self.future)
    @rule(kill=KILL)
    def redo(self, kill: int | None) -> None:
        if self._changed(kill, lambda watch: operations.redo(self.root, watch)):
            self.past.append(self.episodes)
            self.episodes = self.future.pop()

    @precondition(lambda self: self.past or self.future)
    @rule()
    def empty_trash(self) -> None:
        operations.empty_trash(self.root)
        self.past.clear()
        self.future.clear()

    @invariant()
    def it_is_the_list(self) -> None:
        if not self.episodes:
            assert not (self.root / layout.INFO).exists()
            return
        assert not has_pending(self.root)
        assert check(self.root, quick=True).findings == []
        snapshot = Snapshot.of(self.root)
        assert [each.tasks for each in snapshot.episodes()] == [(e.task,) for e in self.episodes]
        kept = read_annotations(snapshot.meta.__getitem__)
        for index, listed in enumerate(self.episodes):
            assert label_of(kept[index]).success is listed.success
            read = episode_table.read_episode(self.root / layout.data_file(index))
            assert tuple(map(float, read.state[:, 0])) == listed.rows


Changes.TestCase.settings = settings(max_examples=12, stateful_step_count=12)
TestChanges = Changes.TestCase
