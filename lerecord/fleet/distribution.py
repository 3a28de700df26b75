"""How often each value occurs: exact for any number of frames, and small.

A servo counts in steps, so the values of its joint are few, however many frames there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.v30 import interpolated


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """The values of one number of a feature.

    Attributes:
        values: (K,) float64, each once, ascending; NaN is the last one.
        counts: (K,) how often each occurs, at least once.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: NDArray[Any]) -> Self:
        """Of (N,) values."""
        found, counts = np.unique(values.astype(np.float64), return_counts=True)
        return cls(found, counts.astype(np.int64))

    @classmethod
    def joined(cls, parts: Sequence["Distribution"]) -> Self:
        """Of the values of all parts."""
        values, places = np.unique(
            np.concatenate([each.values for each in parts]), return_inverse=True
        )
        counts = np.zeros(len(values), np.int64)
        np.add.at(counts, places, np.concatenate([each.counts for each in parts]))
        return cls(values, counts)

    @property
    def total(self) -> int:
        """How many values there are; one that occurs twice counts twice."""
        return int(self.counts.sum())

    @property
    def extremes(self) -> tuple[float, float]:
        """The lowest and the highest; NaN where there is one."""
        high = float(self.values[-1])
        return (high if np.isnan(high) else float(self.values[0])), high

    @property
    def moments(self) -> tuple[float, float]:
        """Mean and deviation, of the population."""
        mean = float((self.values * self.counts).sum() / self.total)
        variance = ((self.values - mean) ** 2 * self.counts).sum() / self.total
        return mean, float(np.sqrt(variance))

    def quantile(self, share: float) -> float:
        """As NumPy gives it for all values, to the last bit."""
        if np.isnan(self.values[-1]):
            return float("nan")
        return interpolated(share, self.total, self._sorted)

    def _sorted(self, place: int) -> float:
        """The value at a place of all values in their order."""
        return float(self.values[np.searchsorted(self.counts.cumsum(), place, side="right")])
