"""What is said of episodes: a list of the same episodes with other labels."""

from collections.abc import Collection

from lerecord.dataset.edit.episode_list import EpisodeList, Slot, Stays, stays
from lerecord.dataset.format import LabelChange, label_of
from lerecord.errors import DatasetError


def relabelled(old: EpisodeList, episodes: Collection[int], change: LabelChange) -> list[Slot]:
    """The list in which that is said of these episodes.

    Raises:
        DatasetError: it is said of all of them already.
    """
    slots = stays(old)
    for index in episodes:
        before = label_of(old.annotations.get(index, {}))
        if (label := change.of(before)) != before:
            slots[index] = Stays(index, old.task(index), label)
    if all(slot.label is None for slot in slots if isinstance(slot, Stays)):
        listed = " ".join(map(str, episodes))
        raise DatasetError(f"That is said of episode {listed} already; nothing was changed.")
    return slots
