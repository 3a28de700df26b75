"""How well the loop keeps its time, and a policy that drives in it."""

from collections import deque
from dataclasses import dataclass

from lerecord.frame import Frame

_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True)
class PolicyHealth:
    """How well a policy keeps up with the loop.

    Attributes:
        latency_s: that the slowest of its recent answers took; 0 before the first.
        held_ticks: since the session began, in which the followers held because the plan had run
            out.
        dropped: answers since then that could not be used, or never came.
    """

    latency_s: float
    held_ticks: int
    dropped: int


class LoopHealth:
    """Rate and lateness of the recent ticks."""

    def __init__(self, fps: int) -> None:
        self._started: deque[float] = deque(maxlen=round(fps * _WINDOW_S))
        self._lateness_s: deque[float] = deque(maxlen=round(fps * _WINDOW_S))

    def add(self, frame: Frame) -> None:
        """Count one tick."""
        self._started.append(frame.started)
        self._lateness_s.append(frame.started - frame.due)

    @property
    def rate_hz(self) -> float:
        """Ticks a second; 0 before the second tick."""
        if len(self._started) < 2:
            return 0.0
        return (len(self._started) - 1) / (self._started[-1] - self._started[0])

    @property
    def lateness_p99_s(self) -> float:
        """The lateness that one tick in a hundred exceeds; 0 before the first."""
        if not self._lateness_s:
            return 0.0
        return sorted(self._lateness_s)[int(0.99 * (len(self._lateness_s) - 1))]
