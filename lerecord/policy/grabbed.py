"""Whether a person has grabbed the leaders: they rested, and now they do not."""

import numpy as np
from numpy.typing import NDArray

_RESTS_TICKS = 30
_TREMBLES_UNITS = 0.5  # from one tick to the next: encoders, and a table that shakes
_GRABBED_UNITS = 8.0


class Grabbed:
    """Looks at the leaders tick by tick.

    Args:
        grippers: (D,) bool; triggers are touched by accident and are not looked at.
    """

    def __init__(self, grippers: NDArray[np.bool_]) -> None:
        self._joints = ~grippers
        self.forget()

    def forget(self) -> None:
        """Somebody had them until now: they have to rest again before they can be grabbed."""
        self._last: NDArray[np.float32] | None = None
        self._rest: NDArray[np.float32] | None = None
        self._still = 0

    def look(self, leader: NDArray[np.float32]) -> bool:
        """True once they are away from where they rested; leaders that are not heard rest not.

        Args:
            leader: (D,) their pose.
        """
        pose = leader[self._joints]
        if not np.isfinite(pose).all():
            self.forget()
            return False
        if self._rest is not None:
            return bool(np.abs(pose - self._rest).max() > _GRABBED_UNITS)
        still = self._last is not None and np.abs(pose - self._last).max() < _TREMBLES_UNITS
        self._still = self._still + 1 if still else 0
        self._last = pose
        if self._still >= _RESTS_TICKS:
            self._rest = pose
        return False
