"""How far each frame of an episode is: episodes of one task, laid over each other in time.

Two people who do the same are never equally fast. Averaging what they do at the same second mixes
a hand that closes with one that still descends; at the same phase it does not.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.policy import Vector

_SMOOTH_FRAMES = 7
_SLOWEST = 2.0  # how many times slower or faster than the reference an episode may get


def phases_of(states: Sequence[Vector]) -> list[NDArray[np.float64]]:
    """For each episode's (N, D) states, the (N,) phases of its frames, from 0 to 1, rising.

    The reference is the episode of median length; the others are laid over it by how fast each
    joint moves (dynamic time warping), which does not depend on where the thing lay.
    """
    scale = np.concatenate(states).std(axis=0) + 1e-6
    speeds = [_speeds(each / scale) for each in states]
    reference = speeds[int(np.argsort([len(each) for each in states])[len(states) // 2])]
    return [_aligned(each, reference) for each in speeds]


def _speeds(states: Vector) -> Vector:
    moved = np.abs(np.gradient(states, axis=0)) if len(states) > 1 else np.zeros_like(states)
    kernel = np.ones(min(_SMOOTH_FRAMES, len(states))) / min(_SMOOTH_FRAMES, len(states))
    smooth = np.stack([np.convolve(joint, kernel, "same") for joint in moved.T], axis=1)
    speeds: Vector = (smooth / (smooth.max(axis=0) + 1e-6)).astype(np.float32)
    return speeds


def _aligned(episode: Vector, reference: Vector) -> NDArray[np.float64]:
    """The phase of each frame: its place in the reference, made to rise evenly."""
    count, length = len(episode), len(reference)
    if count < 2 or length < 2:
        return np.linspace(0.0, 1.0, count)
    cost = np.linalg.norm(episode[:, None] - reference[None], axis=2)
    even = np.linspace(0.0, 1.0, count)
    off = np.abs(even[:, None] - np.linspace(0.0, 1.0, length)[None])
    path = _cheapest_path(cost + _SLOWEST * off)
    places = np.bincount(path[:, 0], weights=path[:, 1]) / np.bincount(path[:, 0])
    phases = _smoothed(places / (length - 1))
    risen = np.maximum.accumulate(phases + 1e-4 * even)
    rising: NDArray[np.float64] = (risen - risen[0]) / (risen[-1] - risen[0])
    return rising


def _smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
    width = min(2 * _SMOOTH_FRAMES + 1, len(values) // 2 * 2 - 1)
    if width < 3:
        return values
    padded = np.pad(values - np.linspace(0, 1, len(values)), width // 2, mode="edge")
    smooth: NDArray[np.float64] = np.convolve(padded, np.ones(width) / width, "valid")
    return smooth + np.linspace(0, 1, len(values))


def _cheapest_path(cost: NDArray[np.floating]) -> NDArray[np.int64]:
    """(S, 2) steps from the first corner to the last, each one on in either or in both."""
    rows, columns = cost.shape
    total = np.full((rows + 1, columns + 1), np.inf)
    total[0, 0] = 0.0
    for diagonal in range(2, rows + columns + 1):
        i = np.arange(max(1, diagonal - columns), min(rows, diagonal - 1) + 1)
        j = diagonal - i
        best = np.minimum(np.minimum(total[i - 1, j], total[i, j - 1]), total[i - 1, j - 1])
        total[i, j] = cost[i - 1, j - 1] + best
    steps = [(rows, columns)]
    while steps[-1] != (1, 1):
        i, j = steps[-1]
        steps.append(min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda at: total[at]))
    return np.array(steps[::-1], np.int64) - 1
