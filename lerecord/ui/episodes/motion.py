"""How much an episode moves, as an outline of a few numbers."""

import numpy as np
from numpy.typing import NDArray

BINS = 48


def outline(state: NDArray[np.float32], bins: int = BINS) -> list[int]:
    """How much moves over an episode.

    Args:
        state: (N, D) measured positions.
        bins: how many parts it has at most.

    Returns:
        0 to 100 for each part, 100 where most moves; empty of fewer than two frames. Joints count
        alike, whatever their units: each by the range that it goes through.
    """
    if len(state) < 2 or state.shape[1] == 0:
        return []
    values = np.nan_to_num(state.astype(np.float64))
    span = values.max(axis=0) - values.min(axis=0)
    moved = np.abs(np.diff(values, axis=0)) / np.where(span > 0, span, 1.0)
    total = moved.mean(axis=1)
    edges = np.linspace(0, len(total), min(bins, len(total)) + 1).astype(int)
    parts = np.add.reduceat(total, edges[:-1]) / np.diff(edges)
    most = parts.max()
    return [round(each) for each in (100 * parts / most if most > 0 else parts).tolist()]
