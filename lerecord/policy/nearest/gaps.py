"""Frames that repeat the one before, as those of missed slots do.

The arm went on meanwhile. Learned as they stand, they would teach it to stop, and then to make up
for several frames within one; more so where a mix gives such a demonstration a weight above 1.
"""

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.policy import Vector

MOST_FRAMES = 15
"""That a gap may have; where nothing changes for longer, the arm was standing."""


def bridged(states: Vector, actions: Vector) -> tuple[Vector, Vector]:
    """An episode's (N, D) states and actions, with straight lines over frames that are repeated."""
    rows = np.concatenate([states, actions], axis=1)
    own = np.flatnonzero(np.r_[True, (np.diff(rows, axis=0) != 0).any(axis=1)])
    lasts = np.diff(own, append=len(rows))
    stands = [np.arange(first, first + n) for first, n in zip(own, lasts, strict=True)]
    kept = np.concatenate([at if len(at) > MOST_FRAMES + 1 else at[:1] for at in stands])
    return _over(kept, states), _over(kept, actions)


def _over(kept: NDArray[np.int64], values: Vector) -> Vector:
    lines = [np.interp(np.arange(len(values)), kept, each[kept]) for each in values.T]
    return np.stack(lines, axis=1).astype(np.float32)
