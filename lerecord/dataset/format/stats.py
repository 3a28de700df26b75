"""Statistics of features as LeRobot v2.1 shapes them, exact, and their fold over episodes.

A vector's are (D,), a scalar's (1,), a camera's (3, 1, 1) over RGB in [0, 1]; std is the
population's; count is frames, for a camera images. Minimum and maximum of integers stay integers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.fields import Fields
from lerecord.errors import DatasetError

Histogram = NDArray[np.int64]
"""(3, 256): pixels of each value, channels in the order R, G, B."""


Values = NDArray[np.float64] | NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureStats:
    """One feature's statistics over some frames; all arrays have the same shape.

    Attributes:
        min: int64 for an integer feature, else float64.
        max: as min.
        mean: float64.
        std: float64, of the population.
        count: frames, at least 1.
    """

    min: Values
    max: Values
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    count: int

    def to_data(self) -> dict[str, Any]:
        """As it stands in the JSON files; every number survives the way there and back."""
        return {
            "min": self.min.tolist(),
            "max": self.max.tolist(),
            "mean": self.mean.tolist(),
            "std": self.std.tolist(),
            "count": [self.count],
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """From the JSON files.

        Raises:
            DatasetError: it is not of that form; the statistic is named.
        """
        values = {name: _numbers(fields, name) for name in ("min", "max", "mean", "std")}
        for name, each in values.items():
            if each.shape != values["min"].shape:
                raise fields.refusal(name, f"the shape of min {values['min'].shape} is expected")
        return cls(
            min=values["min"],
            max=values["max"],
            mean=values["mean"].astype(np.float64, copy=False),
            std=values["std"].astype(np.float64, copy=False),
            count=_count(fields),
        )


Stats = dict[str, FeatureStats]
"""Feature name to statistics, in the order of the features."""


def _numbers(fields: Fields, name: str) -> Values:
    try:
        array = np.array(fields.required(name))
    except (ValueError, OverflowError):  # frames of several lengths
        array = np.array(None)
    if array.dtype.kind not in "biuf" or not array.ndim:
        raise fields.refusal(name, "an array of numbers is expected")
    if array.dtype.kind == "i":
        return array.astype(np.int64, copy=False)
    return array.astype(np.float64, copy=False)


def _count(fields: Fields) -> int:
    """A list of one number; some writers leave out the list."""
    count = fields.required("count")
    if isinstance(count, list) and len(count) == 1:
        return Fields({"count": count[0]}, fields.place).count("count", at_least=1)
    return fields.count("count", at_least=1)


def of_column(column: NDArray[Any]) -> FeatureStats:
    """Statistics of a column of shape (N, D), or (N,) which counts as (N, 1)."""
    _require_rows(len(column))
    values = column.reshape(len(column), -1)
    kept = np.int64 if np.issubdtype(values.dtype, np.integer) else np.float64
    exact = values.astype(np.float64)
    return FeatureStats(
        min=values.min(axis=0).astype(kept),
        max=values.max(axis=0).astype(kept),
        mean=exact.mean(axis=0),
        std=exact.std(axis=0),
        count=len(values),
    )


def _require_rows(rows: int) -> None:
    if not rows:
        raise DatasetError("An episode without frames has no statistics; take it out first.")


def of_constant(value: int, rows: int) -> FeatureStats:
    """Statistics of an integer column that has one value in all of `rows` rows."""
    _require_rows(rows)
    whole, exact = np.array([value]), np.array([float(value)])
    return FeatureStats(whole, whole, exact, np.zeros(1), rows)


def of_range(first: int, rows: int) -> FeatureStats:
    """Statistics of an integer column that counts `rows` rows from `first` on."""
    last = first + rows - 1
    mean = np.array([(first + last) / 2])
    return FeatureStats(np.array([first]), np.array([last]), mean, _range_std(rows), rows)


@lru_cache(maxsize=4096)
def _range_std(rows: int) -> NDArray[np.float64]:
    """As a range's mean is exact, its deviation is the same to the last bit wherever it begins."""
    return of_column(np.arange(rows, dtype=np.int64)).std


def of_pictures(histogram: Histogram, pictures: int) -> FeatureStats:
    """Statistics of a camera from the (3, 256) histogram of all its images."""
    levels = np.arange(256) / 255.0
    pixels = histogram.sum(axis=1, keepdims=True)
    mean = (histogram * levels).sum(axis=1, keepdims=True) / pixels
    variance = (histogram * (levels - mean) ** 2).sum(axis=1, keepdims=True) / pixels
    seen = histogram > 0
    low = levels[seen.argmax(axis=1)]
    high = levels[255 - seen[:, ::-1].argmax(axis=1)]
    return FeatureStats(
        min=low.reshape(3, 1, 1),
        max=high.reshape(3, 1, 1),
        mean=mean.reshape(3, 1, 1),
        std=np.sqrt(variance).reshape(3, 1, 1),
        count=pictures,
    )


def folded(total: Stats | None, episode: Stats) -> Stats:
    """The statistics of everything in `total` and one more episode.

    The fold goes from left to right in the order of the episodes and starts from what is stored,
    so adding one episode gives to the last bit what folding all of them again gives.

    Raises:
        DatasetError: a feature's statistics have another shape than before.
    """
    if total is None:
        return episode
    return {
        key: _merged(key, total[key], more) if key in total else more
        for key, more in episode.items()
    }


def fold(episodes: Iterable[Stats]) -> Stats | None:
    """The statistics of all episodes, in their order; None of none.

    To the last bit what `folded` gives, one episode after the other.
    """
    each = episodes if isinstance(episodes, Sequence) else list(episodes)
    in_memory = isinstance(each, list | tuple)
    if in_memory and len(each) > 1 and all(_form(one) == _form(each[0]) for one in each):
        return _fold_alike(each)
    total: Stats | None = None
    for episode in each:
        total = folded(total, episode)
    return total


def _form(episode: Stats) -> list[Any]:
    return [(key, one.mean.shape, one.min.dtype, one.max.dtype) for key, one in episode.items()]


def _fold_alike(episodes: Sequence[Stats]) -> Stats:
    """The fold of episodes of one form: all features at once, in one row of numbers an episode."""
    first = episodes[0]
    sizes = [one.mean.size for one in first.values()]
    counts = np.array([[one.count for one in each.values()] for each in episodes])
    totals = counts.cumsum(axis=0)
    mean, std = _folded_moments(
        np.array([np.concatenate([one.mean.ravel() for one in e.values()]) for e in episodes]),
        np.array([np.concatenate([one.std.ravel() for one in e.values()]) for e in episodes]),
        np.repeat(counts / totals, sizes, axis=1),
    )
    ends = np.cumsum(sizes)[:-1]
    parts = zip(first.items(), np.split(mean, ends), np.split(std, ends), totals[-1], strict=True)
    return {
        key: FeatureStats(
            min=reduce(np.minimum, [each[key].min for each in episodes]),
            max=reduce(np.maximum, [each[key].max for each in episodes]),
            mean=part_mean.reshape(one.mean.shape),
            std=part_std.reshape(one.mean.shape),
            count=int(count),
        )
        for (key, one), part_mean, part_std, count in parts
    }


def _folded_moments(
    means: NDArray[np.float64], stds: NDArray[np.float64], shares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of all rows of numbers; the operations are those of `_merged`."""
    mean, std = means[0], stds[0]
    with np.errstate(over="ignore", invalid="ignore"):
        others = 1 - shares
        more = stds**2 * shares
        for index in range(1, len(means)):
            apart = means[index] - mean
            mean = mean + apart * shares[index]
            between = apart**2 * shares[index] * others[index]
            std = np.sqrt(std**2 * others[index] + more[index] + between)
    return mean, std


def _merged(key: str, left: FeatureStats, right: FeatureStats) -> FeatureStats:
    if left.mean.shape != right.mean.shape:
        raise DatasetError(
            f"The statistics of {key} have shape {left.mean.shape} in some episodes and "
            f"{right.mean.shape} in others; restore meta/episodes_stats.jsonl from a copy."
        )
    count = left.count + right.count
    share = right.count / count
    with np.errstate(over="ignore", invalid="ignore"):  # what others stored can be of any size
        apart = right.mean - left.mean
        mean = left.mean + apart * share
        variance = left.std**2 * (1 - share) + right.std**2 * share + apart**2 * share * (1 - share)
    return FeatureStats(
        min=np.minimum(left.min, right.min),
        max=np.maximum(left.max, right.max),
        mean=mean,
        std=np.sqrt(variance),
        count=count,
    )


def to_data(stats: Stats) -> dict[str, Any]:
    """As it stands in the JSON files."""
    return {key: each.to_data() for key, each in stats.items()}


def from_fields(fields: Fields) -> Stats:
    """From the JSON files; raises as `FeatureStats.from_fields`."""
    return {key: FeatureStats.from_fields(fields.object(key)) for key in fields.values}
