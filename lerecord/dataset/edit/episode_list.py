"""The list of episodes that a dataset is a function of: what it is, and what follows from it.

Every change makes a new list; places, statistics and files follow from it, so that a dataset is
the same whichever way it came about.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from lerecord.dataset.format import (
    Annotations,
    EpisodeRecord,
    Info,
    Label,
    Place,
    Stats,
    Vectors,
    has_labels,
    layout,
    metadata,
    read_annotations,
)
from lerecord.dataset.storage import MetaFiles
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeList:
    """The episodes of a dataset that is not in the middle of a change.

    Attributes:
        records: by episode_index.
        stats: likewise.
        annotations: by episode_index; episodes of other recorders have none.
        sidecars: the episodes that have one.
        places: where each stands.
        has_labels: their tables have the columns of labels, and those follow from the labels;
            another recorder's of the same names do not.
    """

    records: list[EpisodeRecord]
    stats: Sequence[Stats]
    annotations: dict[int, Annotations]
    sidecars: frozenset[int]
    places: list[Place]
    has_labels: bool = False

    @classmethod
    def load(cls, files: MetaFiles, info: Info, tasks: list[str]) -> Self:
        """Read the files of lines.

        Raises:
            DatasetError: one is missing or not whole, or an episode has several tasks.
        """
        records = metadata.parse_episodes(files.read(layout.EPISODES), info.episodes)
        for record in records:
            if len(record.tasks) != 1 or record.tasks[0] not in tasks:
                raise DatasetError(
                    f"Episode {record.index} of {files.root} has the tasks {list(record.tasks)}; "
                    f"lerecord changes datasets whose episodes have one each, of {layout.TASKS}."
                )
        return cls(
            records=records,
            stats=metadata.parse_episodes_stats(files.read(layout.EPISODES_STATS), info.episodes),
            annotations=read_annotations(files.find),
            sidecars=frozenset(
                record.index
                for record in records
                # Also one that is a link to nothing: it is lost, and not one that never was.
                if os.path.lexists(f"{files.root}/{layout.capture_file(record.index)}")
            ),
            places=_places_as_stored(records, info, tasks),
            has_labels=has_labels(info.features) and files.find(layout.HARDWARE) is not None,
        )

    def __len__(self) -> int:
        return len(self.records)

    def task(self, episode: int) -> str:
        """The sentence of an episode."""
        return self.records[episode].tasks[0]

    def check_index(self, episode: int) -> None:
        """Raise DatasetError when there is no such episode."""
        if not 0 <= episode < len(self):
            there = f"0 to {len(self) - 1}" if len(self) else "none"
            raise DatasetError(f"There is no episode {episode}; the dataset has {there}.")


@dataclass(frozen=True, slots=True)
class Stays:
    """An episode of the new list whose frames and images are those of an old one.

    Attributes:
        old: its index in the old list.
        task: the sentence now.
        label: what is said of it now; None for what was said before.
    """

    old: int
    task: str
    label: Label | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """An episode of the new list whose files are all new.

    Attributes:
        task: the sentence.
        frames: what its parquet says.
        stats: of every feature; those of the index columns are set to its place.
        annotations: without health when it has no sidecar.
        sidecar: writes it at a path; None when there is none.
        videos: feature name to what writes the video at a path; one that was lost has none.
    """

    task: str
    frames: Vectors
    stats: Stats
    annotations: Annotations
    sidecar: Callable[[Path], None] | None
    videos: Mapping[str, Callable[[Path], object]]

    def __len__(self) -> int:
        return len(self.frames)


Slot = Stays | Draft


def stays(episodes: EpisodeList) -> list[Slot]:
    """The list as it is."""
    return [Stays(record.index, record.tasks[0]) for record in episodes.records]


def places(episodes: Sequence[tuple[str, int]], fps: int) -> list[Place]:
    """Where the episodes of these tasks and lengths stand, in their order."""
    tasks = task_indices([task for task, _ in episodes])
    found, first_row = [], 0
    for index, (task, length) in enumerate(episodes):
        found.append(Place(index, first_row, tasks[task], fps))
        first_row += length
    return found


def _places_as_stored(
    records: Sequence[EpisodeRecord], info: Info, tasks: Sequence[str]
) -> list[Place]:
    """Where each stands on the disk: other recorders may have numbered the tasks otherwise."""
    due = places([(record.tasks[0], record.length) for record in records], info.fps)
    index = task_indices(tasks)
    return [
        replace(place, task=index[record.tasks[0]])
        for place, record in zip(due, records, strict=True)
    ]


def task_indices(tasks: Sequence[str]) -> dict[str, int]:
    """The index of each task: by first appearance."""
    return {task: index for index, task in enumerate(dict.fromkeys(tasks))}


def lengths(old: EpisodeList, slots: Sequence[Slot]) -> list[tuple[str, int]]:
    """Task and length of each episode of a new list."""
    return [
        (slot.task, old.records[slot.old].length if isinstance(slot, Stays) else len(slot))
        for slot in slots
    ]


@dataclass(frozen=True, slots=True)
class NewTable:
    """The table of a new episode is to be written."""

    episode: int


@dataclass(frozen=True, slots=True)
class NewSidecar:
    """The sidecar of a new episode is to be written."""

    episode: int


@dataclass(frozen=True, slots=True)
class NewVideo:
    """The video of a new episode is to be written."""

    episode: int
    key: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A file is as it was, under another name."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Gone:
    """Nothing takes the place of a file."""

    name: str


FileChange = NewTable | NewSidecar | NewVideo | Rename | Gone


def file_changes(
    old: EpisodeList, slots: Sequence[Slot], places: Sequence[Place], keys: Sequence[str]
) -> list[FileChange]:
    """What happens to the files of the episodes; what is not named stays untouched.

    Args:
        old: the list that the files are of.
        slots: the new list.
        places: of the new list.
        keys: the features that are videos.
    """
    changes: list[FileChange] = []
    for place, slot in zip(places, slots, strict=True):
        changes += (
            _of_draft(place.episode, slot)
            if isinstance(slot, Draft)
            else _of_old(old, slot, place, keys)
        )
    written = {name for change in changes for name in _targets(change)}
    for record in old.records:
        if not _is_own(slots, record.index):
            changes += [Gone(each) for each in names(record.index, keys) if each not in written]
    return changes


def _is_own(slots: Sequence[Slot], episode: int) -> bool:
    """True when the episode's files are its own still."""
    slot = slots[episode] if episode < len(slots) else None
    return isinstance(slot, Stays) and slot.old == episode


def _of_draft(episode: int, draft: Draft) -> Iterator[FileChange]:
    yield NewTable(episode)
    if draft.sidecar is not None:
        yield NewSidecar(episode)
    for key in draft.videos:
        yield NewVideo(episode, key)


def _of_old(
    old: EpisodeList, slot: Stays, place: Place, keys: Sequence[str]
) -> Iterator[FileChange]:
    if place != old.places[slot.old] or (old.has_labels and slot.label is not None):
        yield NewTable(place.episode)
    if slot.old in old.sidecars and slot.task != old.task(slot.old):
        yield NewSidecar(place.episode)
    elif slot.old in old.sidecars and slot.old != place.episode:
        yield Rename(layout.capture_file(slot.old), layout.capture_file(place.episode))
    if slot.old != place.episode:
        for key in keys:
            yield Rename(layout.video_file(slot.old, key), layout.video_file(place.episode, key))


def _targets(change: FileChange) -> Iterator[str]:
    match change:
        case NewTable(episode):
            yield layout.data_file(episode)
        case NewSidecar(episode):
            yield layout.capture_file(episode)
        case NewVideo(episode, key):
            yield layout.video_file(episode, key)
        case Rename(new=new):
            yield new


def names(episode: int, keys: Sequence[str]) -> list[str]:
    """Every file of an episode."""
    videos = [layout.video_file(episode, key) for key in keys]
    return [layout.data_file(episode), layout.capture_file(episode), *videos]
