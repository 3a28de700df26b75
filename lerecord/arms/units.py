"""Encoder counts to the units of a dataset and back, for all joints of an arm at once.

The formulas are LeRobot's (`MotorsBus._normalize`), in its order of operations, but for one
thing: going back to counts rounds to the nearest where LeRobot truncates.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Units = Literal["normalized", "degrees"]
"""The units of a hardware config; a gripper is 0 (closed) to 100 (open) in both."""

_DEGREES_PER_TURN = 360.0


class Mode(Enum):
    """How one joint is measured."""

    RANGE_M100_100 = "range_m100_100"
    RANGE_0_100 = "range_0_100"
    DEGREES = "degrees"


def joint_mode(units: Units) -> Mode:
    """The mode of every joint but a gripper, which is always RANGE_0_100."""
    return Mode.DEGREES if units == "degrees" else Mode.RANGE_M100_100


class Scale:
    """Converts between counts, (D,) int64, and units, (D,) float64.

    For joint j, with its range [a, b] in counts:

        RANGE_M100_100   (counts - a) / (b - a) * 200 - 100
        RANGE_0_100      (counts - a) / (b - a) * 100
        DEGREES          (counts - (a + b) / 2) * 360 / (counts a turn - 1)

    A joint that is reversed runs from b to a instead; in DEGREES that changes nothing.
    Counts in [a, b] (any counts in DEGREES) come back unchanged from units, also when these were
    stored as float32.

    Args:
        modes: one a joint.
        range_min: a, one a joint.
        range_max: b > a, one a joint.
        counts_per_turn: of the servos.
        is_reversed: one a joint; nothing for none.
    """

    def __init__(
        self,
        modes: Sequence[Mode],
        range_min: Sequence[int],
        range_max: Sequence[int],
        counts_per_turn: int,
        is_reversed: Sequence[bool] = (),
    ) -> None:
        low, high = np.array(range_min, np.int64), np.array(range_max, np.int64)
        if not np.all(low < high):
            raise ValueError(f"ranges from {range_min} to {range_max} are empty for some joint")
        degrees = np.array([mode is Mode.DEGREES for mode in modes])
        self._range = low, high
        self._bounded = ~degrees
        back = ~degrees & np.array(is_reversed or [False] * len(modes))
        self._origin = np.where(degrees, (low + high) / 2, np.where(back, high, low))
        self._factor = np.where(degrees, _DEGREES_PER_TURN, np.where(back, -1.0, 1.0))
        self._divisor = np.where(degrees, counts_per_turn - 1, high - low).astype(np.float64)
        self._span = np.array([_SPAN[mode] for mode in modes])
        self._floor = np.array([_FLOOR[mode] for mode in modes])

    @property
    def limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest calibrated position in units, (D,) each."""
        ends = [self.unbounded(end) for end in self._range]
        return np.minimum(*ends), np.maximum(*ends)

    def to_units(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Units as a dataset has them: outside of its range a joint is at the end of it.

        In DEGREES a joint may be outside, as in LeRobot.
        """
        counts = np.asarray(counts)
        return self.unbounded(np.where(self._bounded, np.clip(counts, *self._range), counts))

    def unbounded(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Units of counts wherever they are, also outside of the calibrated range."""
        ratio: NDArray[np.float64] = (np.asarray(counts) - self._origin) * self._factor
        units: NDArray[np.float64] = ratio / self._divisor * self._span + self._floor
        return units

    def rate(self, counts_s: ArrayLike) -> NDArray[np.float64]:
        """Units a second of counts a second."""
        units_s: NDArray[np.float64] = (
            np.asarray(counts_s) * self._factor / self._divisor * self._span
        )
        return units_s

    def to_counts(self, units: ArrayLike) -> NDArray[np.int64]:
        """The nearest counts; not kept within the range."""
        ratio = (np.asarray(units, np.float64) - self._floor) / self._span * self._divisor
        counts: NDArray[np.int64] = np.rint(ratio / self._factor + self._origin).astype(np.int64)
        return counts


_SPAN = {Mode.RANGE_M100_100: 200.0, Mode.RANGE_0_100: 100.0, Mode.DEGREES: 1.0}
_FLOOR = {Mode.RANGE_M100_100: -100.0, Mode.RANGE_0_100: 0.0, Mode.DEGREES: 0.0}
