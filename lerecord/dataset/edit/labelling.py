"""What is said of episodes: a list of the same episodes with other labels, and their columns."""

from collections.abc import Collection
from dataclasses import replace

from lerecord.dataset.edit.episode_list import EpisodeList, Slot, Stays, stays
from lerecord.dataset.format import Label, LabelChange, Vectors, label_columns, label_of


def relabelled(old: EpisodeList, episodes: Collection[int], change: LabelChange) -> list[Slot]:
    """The list in which that is said of these episodes; the same list where it is said already."""
    slots = stays(old)
    for index in episodes:
        before = label_of(old.annotations.get(index, {}))
        if (label := change.of(before)) != before:
            slots[index] = Stays(index, old.task(index), label)
    return slots


def with_columns(frames: Vectors, label: Label) -> Vectors:
    """The frames of an episode, with the columns of this label instead of their own."""
    return replace(frames, extras={**frames.extras, **label_columns(len(frames), label)})
