"""A chunk under execution: what it says between two of its rows, and how it follows on another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Plan:
    """The chunk that is executed, from plan tick `begin` on.

    Attributes:
        seq: of its request.
        latency_s: that the answer took.
        begin: plan tick of the first row.
        said: (H, D) as the policy said it.
        actions: (H, D) as it follows on the chunk before.
        discrete: (D,) joints without values in between.
    """

    seq: int
    latency_s: float
    begin: float
    said: Vector
    actions: Vector
    discrete: NDArray[np.bool_]

    def at(self, tick: float) -> Vector | None:
        """The action (D,) at a plan tick; None when the plan is over."""
        return self._first(self.actions, tick)

    def said_at(self, tick: float) -> Vector | None:
        """The same of what the policy said."""
        return self._first(self.said, tick)

    def left(self, tick: float) -> float:
        """Rows that are left."""
        return max(0.0, self.begin + len(self.actions) - tick)

    def rest(self, tick: float) -> Vector:
        """These rows (R, D), from a plan tick on."""
        return rows_from(self.actions, tick - self.begin, self.discrete)

    def _first(self, rows: Vector, tick: float) -> Vector | None:
        place = tick - self.begin
        floor = int(place)
        rest = rows_from(rows[floor : floor + 2], place - floor, self.discrete)
        return rest[0] if len(rest) else None


def rows_from(rows: Vector, place: float, discrete: NDArray[np.bool_]) -> Vector:
    """Rows (H, D) from a place on that may lie between two of them; behind the last is the last."""
    floor = int(place)
    before, part = rows[floor:], np.float32(place - floor)
    if part == 0.0 or not len(before):
        return before
    after = np.concatenate([before[1:], before[-1:]])
    between: Vector = np.where(discrete, before, before + part * (after - before))
    return between


def joined(
    new: Vector, motion: tuple[Vector, Vector], ticks: int, discrete: NDArray[np.bool_]
) -> Vector:
    """Let a chunk begin where and as fast as the arm is going, and lead to where it wants to.

    Both differences fade along a cubic, so that neither position nor speed jumps, and go on fading
    where chunks follow on each other quickly. Discrete joints are left alone.

    Args:
        new: (H, D) the chunk.
        motion: (D,) where the arm would go in this tick, and how far that is from the last one.
        ticks: over which the differences fade.
        discrete: (D,) such joints.
    """
    place, speed = motion
    apart = np.where(discrete, 0.0, place - new[0])
    faster = np.where(discrete, 0.0, speed - np.diff(new[:2], axis=0).sum(axis=0))
    phase = np.minimum(np.arange(len(new)) / ticks, 1.0)[:, None]
    of_place = 1.0 - phase**2 * (3.0 - 2.0 * phase)
    of_speed = ticks * phase * (1.0 - phase) ** 2
    return np.asarray(new + of_place * apart + of_speed * faster, np.float32)
