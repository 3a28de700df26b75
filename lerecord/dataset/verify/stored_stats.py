"""Checks of meta/stats.json: that it is what follows from the statistics of the episodes."""

from collections.abc import Callable, Sequence

import numpy as np

from lerecord.counted import counted
from lerecord.dataset.format import (
    NUMBERS,
    EpisodeRecord,
    Stats,
    layout,
    metadata,
    stats,
)
from lerecord.dataset.read import Stored
from lerecord.dataset.verify.findings import Place
from lerecord.dataset.verify.versions import VERSIONS, Version
from lerecord.errors import DatasetError

FOLD_TOLERANCE = 1e-9
"""Relative; the fold is exact on one machine, and rounds a little differently on another."""
SUMMED_TOLERANCE = 1e-6
"""Of v3.0, which LeRobot folds in the precision of the columns."""


def check_stored(
    dataset: Stored,
    each: Sequence[Stats] | None,
    records: list[EpisodeRecord],
    foreign: bool,
    place: Place,
) -> None:
    """Check that stats.json is of its episodes; a dataset of another recorder need not have it."""
    version = VERSIONS[dataset.version]
    data, ours = dataset.meta[layout.STATS], version.is_ours
    if data is None:
        if foreign:
            more = "; the next change by lerecord writes it" if ours else ""
            place.remark(f"{layout.STATS} is missing{more}.")
        else:
            place.wrong(f"{layout.STATS} is missing.")
        return
    if metadata.stats_lack_count(data):
        more = f"; the next change by lerecord derives it again from {layout.EPISODES_STATS}"
        place.remark(
            f"{layout.STATS} was rewritten by another tool, which left out the counts"
            f"{more if ours else ''}."
        )
        return
    stored = _stored(data, place)
    if stored is None or each is None:
        return
    _check_fold(stored, each, records, version, place)


def _check_fold(
    stored: Stats,
    each: Sequence[Stats],
    records: list[EpisodeRecord],
    version: Version,
    place: Place,
) -> None:
    covered = _covered(stored, records)
    if covered < len(each):
        more = "; the next episode saved brings it up to date" if version.is_ours else ""
        place.remark(f"{layout.STATS} covers only the first {counted(covered, 'episode')}{more}.")
    due = stats.fold(each[:covered])
    if due is None:
        return
    in_order: Callable[[Stats], list[str]] = list if version.is_ours else sorted
    place.expect(f"the features of {layout.STATS}", in_order(stored), in_order(due))
    for key in due:
        tolerance = FOLD_TOLERANCE if version.is_ours else SUMMED_TOLERANCE
        if key in stored and not _near(stored[key], due[key], tolerance):
            say = place.remark if key in NUMBERS and not version.is_ours else place.wrong
            say(f"{layout.STATS} of {key} does not match the statistics of its episodes.")


def _covered(stored: Stats, records: list[EpisodeRecord]) -> int:
    """How many episodes stats.json is of: other recorders append and leave it behind."""
    count = stored["index"].count if "index" in stored else 0
    rows = 0
    for number, record in enumerate(records):
        if rows == count and number:
            return number
        rows += record.length
    return len(records)


def _near(left: stats.FeatureStats, right: stats.FeatureStats, tolerance: float) -> bool:
    return left.count == right.count and all(
        np.shape(getattr(left, name)) == np.shape(getattr(right, name))
        and np.allclose(getattr(left, name), getattr(right, name), rtol=tolerance, atol=tolerance)
        for name in ("min", "max", "mean", "std")
    )


def _stored(data: bytes, place: Place) -> Stats | None:
    try:
        return metadata.parse_stats(data)
    except DatasetError as error:
        place.wrong(str(error))
        return None
