"""Statistics of features as LeRobot v2.1 shapes them, exact, and their fold over episodes.

A vector's are (D,), a scalar's (1,), a camera's (3, 1, 1) over RGB in [0, 1]; std is the
population's; count is frames, for a camera images. Minimum and maximum of integers stay integers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
            mean=values["mean"].astype(np.float64),
            std=values["std"].astype(np.float64),
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
        return array.astype(np.int64)
    return array.astype(np.float64)


def _count(fields: Fields) -> int:
    """A list of one number; some writers leave out the list."""
    count = fields.required("count")
    if isinstance(count, list) and len(count) == 1:
        return Fields({"count": count[0]}, fields.place).count("count", at_least=1)
    return fields.count("count", at_least=1)


def of_column(column: NDArray[Any]) -> FeatureStats:
    """Statistics of a column of shape (N, D), or (N,) which counts as (N, 1)."""
    if not len(column):
        raise DatasetError("An episode without frames has no statistics; take it out first.")
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
    """The statistics of all episodes, in their order; None of none."""
    total: Stats | None = None
    for episode in episodes:
        total = folded(total, episode)
    return total


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
