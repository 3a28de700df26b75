"""Checks of meta/stats.json: that it is what follows from the statistics of the episodes."""

from collections.abc import Sequence

import numpy as np

from lerecord.dataset.format import EpisodeRecord, Stats, layout, metadata, stats
from lerecord.dataset.read import Stored
from lerecord.dataset.verify.findings import Place
from lerecord.errors import DatasetError

FOLD_TOLERANCE = 1e-9
"""Relative; the fold is exact on one machine, and rounds a little differently on another."""


def check_stored(
    dataset: Stored,
    each: Sequence[Stats] | None,
    records: list[EpisodeRecord],
    foreign: bool,
    place: Place,
) -> None:
    """Check that stats.json is of its episodes; a dataset of another recorder need not have it."""
    data = dataset.meta[layout.STATS]
    if data is None:
        if foreign:
            place.remark(f"{layout.STATS} is missing; the next change by lerecord writes it.")
        else:
            place.wrong(f"{layout.STATS} is missing.")
        return
    if metadata.stats_lack_count(data):
        place.remark(
            f"{layout.STATS} was rewritten by another tool, which left out the counts; the next "
            f"change by lerecord derives it again from {layout.EPISODES_STATS}."
        )
        return
    stored = _stored(data, place)
    if stored is None or each is None:
        return
    covered = _covered(stored, records)
    if covered < len(each):
        place.remark(
            f"{layout.STATS} covers only the first {covered} episodes; the next episode saved "
            f"brings it up to date."
        )
    due = stats.fold(each[:covered])
    if due is None:
        return
    place.expect(f"the features of {layout.STATS}", list(stored), list(due))
    for key in due:
        if key in stored and not _near(stored[key], due[key]):
            place.wrong(f"{layout.STATS} of {key} does not match the statistics of its episodes.")


def _covered(stored: Stats, records: list[EpisodeRecord]) -> int:
    """How many episodes stats.json is of: other recorders append and leave it behind."""
    count = stored["index"].count if "index" in stored else 0
    rows = 0
    for number, record in enumerate(records):
        if rows == count and number:
            return number
        rows += record.length
    return len(records)


def _near(left: stats.FeatureStats, right: stats.FeatureStats) -> bool:
    return left.count == right.count and all(
        np.shape(getattr(left, name)) == np.shape(getattr(right, name))
        and np.allclose(
            getattr(left, name), getattr(right, name), rtol=FOLD_TOLERANCE, atol=FOLD_TOLERANCE
        )
        for name in ("min", "max", "mean", "std")
    )


def _stored(data: bytes, place: Place) -> Stats | None:
    try:
        return metadata.parse_stats(data)
    except DatasetError as error:
        place.wrong(str(error))
        return None
