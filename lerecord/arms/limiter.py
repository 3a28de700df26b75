"""Goals that a follower may be sent: within its range, and in small steps."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


class GoalLimiter:
    """Keeps goals within a range and each step small.

    A goal outside of the range becomes the end of the range; then the step from the last goal is
    cut. In this order an arm that starts outside is led back in small steps, too.

    Args:
        low: lowest goal of each joint (D,).
        high: highest goal (D,).
    """

    def __init__(self, low: NDArray[np.float64], high: NDArray[np.float64]) -> None:
        self._low, self._high = low, high
        self._last: NDArray[np.float32] | None = None

    def start_at(self, position: ArrayLike) -> None:
        """The next step is measured from this position (D,)."""
        self._last = np.asarray(position, np.float32)

    def within(self, goal: ArrayLike) -> NDArray[np.float64]:
        """The nearest goal in the range (D,)."""
        return np.clip(np.asarray(goal, np.float64), self._low, self._high)

    def limit(self, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """The goal that may be sent; the next step is measured from it once `sent` is called."""
        return self._stepped(goal, max_step, self._low, self._high)

    def approach(self, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """As `limit`, but the goal may be out of the range."""
        return self._stepped(goal, max_step, -np.inf, np.inf)

    def _stepped(
        self, goal: ArrayLike, max_step: float, low: ArrayLike, high: ArrayLike
    ) -> NDArray[np.float32]:
        if self._last is None:
            raise RuntimeError("a follower takes goals only after connect")
        wanted = np.asarray(goal, np.float64)
        if wanted.shape != self._last.shape or not np.all(np.isfinite(wanted)) or not max_step >= 0:
            raise ValueError(f"no goal and step for {self._last.size} joints: {wanted}, {max_step}")
        step = np.clip(wanted, low, high) - self._last
        return (self._last + np.clip(step, -max_step, max_step)).astype(np.float32)

    def sent(self, goal: NDArray[np.float32]) -> None:
        """The goal is with the servos."""
        self._last = goal.copy()
