"""From what a hand did with a limp arm to what an arm may do by itself.

A hand begins and ends when it likes, trembles, and is at times faster than the arm. What it did is
cut to where something moves, smoothed, and slowed down where it is too fast. A gripper that a hand
has closed on something holds nothing by going where it was measured: its goal lies beyond.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Path = NDArray[np.float32]
"""(N, D): a goal a tick."""

_MOVES = 1.0  # units: less is no motion
_REST_S = 0.3  # that stays before the first motion and after the last one
_SMOOTHED_S = 0.3
_SPEED_SHARE = 0.9  # of the fastest step, so that the limiter never cuts one
_SETTLES_S = 0.5
_CLOSED_WITHIN, _SQUEEZE = 4.0, 10.0  # of 100: how near to its closest, and how far beyond


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What a hand did; N ticks, D joints.

    Attributes:
        ticks: (N,) numbers of the ticks, of which some may be missing.
        states: (N, D) measured positions.
        grippers: (D,) which joints open and close.
    """

    ticks: NDArray[np.int64]
    states: Path
    grippers: NDArray[np.bool_]


def path_of(taught: Taught, max_step: float, fps: float) -> Path | None:
    """The path that does the same by itself; None when nothing was moved.

    Args:
        taught: by a hand.
        max_step: the farthest that a joint may go in a tick, in units.
        fps: ticks a second.
    """
    states = _evenly(taught)
    left, under_way = (np.abs(states - states[end]).max(axis=1) > _MOVES for end in (0, -1))
    if not left.any():
        return None
    rest = round(_REST_S * fps)
    first, last = np.flatnonzero(left)[0], np.flatnonzero(under_way)[-1]
    states = states[max(first - rest, 0) : last + 1 + rest]
    path = _slowed(_smoothed(_squeezed(states, taught.grippers), fps), max_step * _SPEED_SHARE)
    settled = np.repeat(path[-1:], round(_SETTLES_S * fps), axis=0)
    return np.concatenate([path, settled]).astype(np.float32)


def _evenly(taught: Taught) -> NDArray[np.float64]:
    """A state for each tick, those that are missing between their neighbours."""
    every = np.arange(taught.ticks[0], taught.ticks[-1] + 1)
    return np.stack([np.interp(every, taught.ticks, each) for each in taught.states.T], axis=1)


def _squeezed(states: NDArray[np.float64], grippers: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Grippers closed farther where a hand had closed them as far as they went."""
    goals = states.copy()
    for at in np.flatnonzero(grippers):
        closest, widest = states[:, at].min(), states[:, at].max()
        if widest - closest > _SQUEEZE:
            goals[states[:, at] <= closest + _CLOSED_WITHIN, at] -= _SQUEEZE
    return goals


def _smoothed(states: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """The mean over a window that begins and ends softly; begins and ends at rest."""
    half = max(round(_SMOOTHED_S * fps / 2), 1)
    window = np.hanning(2 * half + 3)[1:-1]
    padded = np.pad(states, ((half, half), (0, 0)), mode="edge")
    share = window / window.sum()
    return np.stack([np.convolve(each, share, mode="valid") for each in padded.T], axis=1)


def _slowed(states: NDArray[np.float64], max_step: float) -> NDArray[np.float64]:
    """The same way, with more ticks where a step would be too long."""
    steps = np.abs(np.diff(states, axis=0)).max(axis=1)
    at = np.concatenate([[0.0], np.cumsum(np.maximum(steps / max_step, 1.0))])
    every = np.arange(np.ceil(at[-1]) + 1).clip(max=at[-1])
    return np.stack([np.interp(every, at, each) for each in states.T], axis=1)
