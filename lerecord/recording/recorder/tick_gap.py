"""The gaps between ticks, in which to work without making the control loop wait."""

import time
from collections.abc import Callable

_BEFORE_S = 0.0005  # the loop wakes a little before a tick is due
_AFTER = 0.15  # of a period: it reads and commands the arms
_RESERVE = 1.5  # times what the work usually takes
_WEIGHT = 0.1  # of the latest


class Gaps:
    """Runs work of some milliseconds so that it is over before the next tick.

    A process that is just running keeps its processor for a few milliseconds more when the control
    loop wakes, unless the loop has real-time priority, which not every user may ask for.

    Args:
        period_s: from tick to tick.
        now, sleep: the clock, seconds.
        spent: processor seconds of this thread.
    """

    def __init__(
        self,
        period_s: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._period_s = period_s
        self._now = now
        self._sleep = sleep
        self._spent = spent
        self._usual_s = 0.0
        self.tick = 0.0
        """A time at which one was due; the others are whole periods from it."""

    def run(self, work: Callable[[], None]) -> None:
        """Do it now, or after the next tick when it may last until then.

        Work that no gap has room for is done at once.
        """
        left_s = self._period_s - (self._now() - self.tick) % self._period_s
        needed_s = _RESERVE * self._usual_s + _BEFORE_S
        if left_s < needed_s <= (1 - _AFTER) * self._period_s:
            self._sleep(left_s + _AFTER * self._period_s)
        before = self._spent()
        work()
        took_s = self._spent() - before
        self._usual_s += _WEIGHT * (took_s - self._usual_s)
