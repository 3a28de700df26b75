"""Quantiles as LeRobot v3.0 keeps them beside minimum, maximum, mean and deviation; exact."""

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
