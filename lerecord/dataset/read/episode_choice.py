"""Which episodes a trainer reads: those of some numbers, and of some label."""

from collections.abc import Sequence
from typing import get_args

from lerecord.dataset.format import EpisodeRecord, LabelChoice, label_of, read_annotations
from lerecord.dataset.read.stored import Stored
from lerecord.errors import DatasetError


def chosen_episodes(
    stored: Stored, episodes: Sequence[int] | None, where: LabelChoice | None
) -> Sequence[EpisodeRecord]:
    """The episodes of these numbers, in their order, as far as their label says this.

    Args:
        stored: the dataset.
        episodes: None for all.
        where: what the label says; None for whatever it says.

    Raises:
        DatasetError: there is no such episode or none is left, or one is named twice.
    """
    records = _numbered(stored.episodes(), episodes)
    if where is None:
        return records
    if where not in get_args(LabelChoice):
        raise DatasetError(
            f"Episodes are chosen where {', '.join(get_args(LabelChoice))}, not where {where!r}."
        )
    kept = read_annotations(stored.meta.__getitem__)
    found = [each for each in records if label_of(kept.get(each.index, {})).choice == where]
    if not found:
        raise DatasetError(
            f"No episode of {stored.root} is chosen where {where!r}; `lerecord list` shows the "
            f"labels, and `lerecord label` sets them."
        )
    return found


def _numbered(
    records: Sequence[EpisodeRecord], episodes: Sequence[int] | None
) -> Sequence[EpisodeRecord]:
    if episodes is None:
        return records
    if absent := [each for each in episodes if not 0 <= each < len(records)]:
        raise DatasetError(
            f"There is no episode {absent[0]}; the dataset has 0 to {len(records) - 1}."
        )
    if len(set(episodes)) < len(episodes):
        raise DatasetError("An episode is chosen twice; name each once.")
    return [records[each] for each in episodes]
