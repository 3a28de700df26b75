"""Quantiles as LeRobot v3.0 keeps them beside minimum, maximum, mean and deviation; exact."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import Histogram

SHARES = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
"""LeRobot's names, and the share of values that is not above."""

Quantiles = dict[str, NDArray[np.float64]]
"""By the names of SHARES."""


def of_column(column: NDArray[Any]) -> Quantiles:
    """Of a column of shape (N, D), or (N,) which counts as (N, 1): (D,) each."""
    values = column.reshape(len(column), -1).astype(np.float64)
    found = np.quantile(values, list(SHARES.values()), axis=0)
    return dict(zip(SHARES, found, strict=True))


def places(rows: int) -> list[int]:
    """Where the values are, of that many in ascending order, that the quantiles lie between."""
    below = [_below(share, rows) for share in SHARES.values()]
    return sorted({place for each in below for place in (each, min(each + 1, rows - 1))})


def interpolated(share: float, rows: int, value_at: Callable[[int], float]) -> float:
    """A quantile as NumPy gives it, to the last bit.

    Args:
        share: of the values that are not above it.
        rows: how many there are.
        value_at: gives the value at a place of all in ascending order.
    """
    below = _below(share, rows)
    left, right = value_at(below), value_at(min(below + 1, rows - 1))
    further = (rows - 1) * share - below
    apart = right - left
    return right - apart * (1 - further) if further >= 0.5 else left + apart * further


def _below(share: float, rows: int) -> int:
    return math.floor((rows - 1) * share)


def of_histogram(histogram: Histogram) -> Quantiles:
    """Of a camera's pixels in [0, 1], from their (3, 256) histogram: (3, 1, 1) each.

    The value is the lowest level that at least so many pixels do not exceed.
    """
    reached = histogram.cumsum(axis=1)
    pixels = reached[:, -1:]
    return {
        name: ((reached < share * pixels).sum(axis=1) / 255.0).reshape(3, 1, 1)
        for name, share in SHARES.items()
    }
