"""How well the loop keeps its time, over the last seconds."""

from collections import deque

from lerecord.frame import Frame

_WINDOW_S = 5.0


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
