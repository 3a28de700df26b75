"""The writer of a dataset: it holds the lock, stages takes and commits them in order."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from lerecord.dataset.edit import EpisodeList, Rebuild, Watch
from lerecord.dataset.format import DatasetSpec, layout, task_of, third_party
from lerecord.dataset.staging import (
    ClosedTake,
    Replaced,
    StagedColumns,
    StagedTake,
    TakeFacts,
    clear_leftovers,
    left_takes,
    make_place,
    now_utc,
    read_left,
    read_take,
    remove_take,
)
from lerecord.dataset.storage import (
    DatasetLock,
    DatasetState,
    MetaFiles,
    Probe,
    compared_rig,
    finish_pending,
    holds_dataset,
    is_free,
    require_changeable,
    unobserved,
)
from lerecord.dataset.write.append import append_episode
from lerecord.dataset.write.in_place import label_episode, replace_episode
from lerecord.dataset.write.staged_episode import EpisodeSummary, Review, draft_of
from lerecord.dataset.write.take_place import TakePlace, episode_of
from lerecord.errors import DatasetError
from lerecord.progress import Progress, silent

__all__ = ["DatasetWriter", "EpisodeSummary", "StagedTake"]


class DatasetWriter:
    """Made by `create`, `open` or `open_or_create`; a context manager that owns the lock.

    Attributes:
        root: the dataset's folder.
        spec: what it is recorded with.
        review: looks at each take before its commit.
    """

    def __init__(self, root: Path, lock: ExitStack, state: DatasetState, probe: Probe) -> None:
        self.root = root
        self._lock = lock
        self._state = state
        self._probe = probe
        self.review: Review | None = None

    @classmethod
    def create(cls, root: Path, spec: DatasetSpec, *, probe: Probe = unobserved) -> Self:
        """Start a dataset; until its first episode there is nothing of it but `.lerecord/`.

        Raises:
            DatasetError: the folder holds a dataset or anything else, or another recorder has it.
        """
        if not is_free(root):
            kind = "a dataset" if holds_dataset(root) else "something else"
            raise DatasetError(f"{root} holds {kind} already; name a new folder.")
        with ExitStack() as stack:
            stack.enter_context(DatasetLock(root))
            finish_pending(root, probe)
            if not is_free(root):
                raise DatasetError(f"{root} holds a dataset already; name a new folder.")
            clear_leftovers(root)
            make_place(root)
            return cls(root, stack.pop_all(), DatasetState.empty(spec), probe)

    @classmethod
    def open(
        cls,
        root: Path,
        spec: DatasetSpec | None = None,
        *,
        accept_calibration: bool = False,
        probe: Probe = unobserved,
    ) -> Self:
        """Go on with a dataset; what a killed process left half done is finished or dropped.

        Args:
            root: the dataset's folder.
            spec: the rig at hand; None takes the dataset's own.
            accept_calibration: take a rig whose arms were calibrated anew since.
            probe: told each effect on the disk, for tests.

        Raises:
            DatasetError: it is none, of another version or rig, or another process has it.
        """
        require_changeable(root)
        with ExitStack() as stack:
            stack.enter_context(DatasetLock(root))
            finish_pending(root, probe)
            third_party.require_known_rig(root)
            state = DatasetState.load(MetaFiles(root))
            if spec is not None:
                state = replace(state, spec=compared_rig(spec, state.spec, accept_calibration))
            clear_leftovers(root)
            make_place(root)
            return cls(root, stack.pop_all(), state, probe)

    @classmethod
    def open_or_create(
        cls,
        root: Path,
        spec: DatasetSpec,
        *,
        accept_calibration: bool = False,
        probe: Probe = unobserved,
    ) -> Self:
        """Go on with the dataset in the folder, or start one where there is none.

        Raises:
            DatasetError: as `open`; also when the folder holds anything else.
        """
        if holds_dataset(root):
            return cls.open(root, spec, accept_calibration=accept_calibration, probe=probe)
        if root.is_file():
            raise DatasetError(f"{root} is a file where a folder is needed; name another folder.")
        if not is_free(root):
            raise DatasetError(
                f"{root} is neither empty nor a dataset ({layout.INFO} is missing); name a "
                f"new folder."
            )
        return cls.create(root, spec, probe=probe)

    @property
    def spec(self) -> DatasetSpec:
        """What is recorded: the rig at hand."""
        return self._state.spec

    @property
    def episodes(self) -> int:
        """Committed episodes."""
        return self._state.info.episodes

    @property
    def left_takes(self) -> list[str]:
        """Ids of the takes that are staged, oldest first: running, waiting, or left by a kill."""
        return left_takes(self.root)

    def begin_take(
        self,
        task: str,
        take: str | None = None,
        now: Callable[[], float] = time.monotonic,
        replaces: int | None = None,
    ) -> StagedTake:
        """Stage a new take; its cameras put their tracks into its folder.

        Args:
            task: the sentence.
            take: its id; None makes one.
            now: the clock of the journal's syncs.
            replaces: the episode that it does again, so that it finds its place after a kill.

        Raises:
            DatasetError: the task is empty, the id is taken, or the disk refuses.
        """
        again = None if replaces is None else Replaced.of(self.root, self._state.info, replaces)
        facts = TakeFacts(task_of(task), now_utc(), self.spec, again)
        return StagedTake(self.root, take or layout.new_take_id(), facts, now)

    def left_take(self, take: str) -> ClosedTake:
        """A take that was left staged, by its id.

        Raises:
            DatasetError: there is none, or it is of another rig.
        """
        left = ClosedTake.load(self.root, take)
        compared_rig(left.facts.spec, self.spec, accept_calibration=True)
        return left

    def commit(self, staged: StagedTake | ClosedTake) -> EpisodeSummary:
        """Make the next episode of a take whose tracks are finished, in one transaction.

        The cost does not depend on how many episodes there are.

        Raises:
            DatasetError: the take cannot be an episode (it stays staged), or the disk refuses.
        """
        take = self._closed(staged)
        self._finish_pending()
        return self._append(take, read_take(take))

    def task_of(self, episode: int) -> str:
        """The task of a committed episode.

        Raises:
            DatasetError: there is none of that index, or the list cannot be read.
        """
        self._finish_pending()
        episodes = EpisodeList.load(MetaFiles(self.root), self._state.info, self._state.tasks)
        episodes.check_index(episode)
        return episodes.task(episode)

    def replace(
        self, episode: int, staged: StagedTake | ClosedTake, progress: Progress = silent
    ) -> EpisodeSummary:
        """Put a take whose tracks are finished in the place of an episode, in one transaction.

        Whatever its length and task: everything that depends on it is right afterwards. The
        episode that it replaces goes to the trash.

        Args:
            episode: the index.
            staged: the take.
            progress: told while episodes behind it are numbered anew.

        Raises:
            DatasetError: there is no such episode or the take cannot be one (it stays staged), or
                the disk refuses.
        """
        take = self._closed(staged)
        with suppress(OSError):  # without the mark `recover` asks
            take.files.saved.touch()
        self._finish_pending()
        return self._replace(episode, take, read_take(take), progress)

    def _replace(
        self, episode: int, take: ClosedTake, read: StagedColumns, progress: Progress = silent
    ) -> EpisodeSummary:
        rebuild = Rebuild.of(MetaFiles(self.root), self._state, Watch(progress, self._probe))
        taken = draft_of(episode, take, read, self.review)
        self._state, summary = replace_episode(rebuild, episode, take, taken)
        return summary

    def label(self, episode: int, success: bool) -> None:
        """Say of a committed episode whether it succeeded; raises DatasetError when it cannot."""
        self._finish_pending()
        self._state = label_episode(self.root, self._state, episode, success, self._probe)

    def salvage(self, take: str, place: TakePlace = "its own") -> EpisodeSummary | None:
        """Make an episode of what is whole of a left take; None when that is nothing.

        A take that is complete becomes one as it is. One that had just begun is removed.

        Args:
            take: its id.
            place: where a take goes that does an episode again. "its own": in its place, unless
                the take was never saved. "replace": there in any case. "append": behind all others.

        Raises:
            DatasetError: it is of another rig, cannot be read or has no place of its own (it
                stays), or the disk refuses.
        """
        left = self.left_take(take)
        self._finish_pending()
        read = read_left(left)
        if read is None:
            remove_take(self.root, take)
            return None
        episode = episode_of(self.root, self._state.info, left, place)
        if episode is None:
            return self._append(left, read)
        return self._replace(episode, left, read)

    def _closed(self, staged: StagedTake | ClosedTake) -> ClosedTake:
        return staged.close() if isinstance(staged, StagedTake) else staged

    def _finish_pending(self) -> None:
        if finish_pending(self.root, self._probe):
            self._state = replace(DatasetState.load(MetaFiles(self.root)), spec=self.spec)

    def _append(self, take: ClosedTake, read: StagedColumns) -> EpisodeSummary:
        taken = draft_of(self.episodes, take, read, self.review)
        self._state, summary = append_episode(self.root, self._state, take, taken, self._probe)
        return summary

    def discard(self, staged: StagedTake | ClosedTake) -> None:
        """Remove a staged take and everything of it."""
        remove_take(self.root, self._closed(staged).id)

    def close(self) -> None:
        """Let go of the lock; staged takes stay. May be called twice."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
