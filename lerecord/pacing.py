"""The fixed-rate grid: one Tick a slot, no drift, no burst after a stall."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_SPIN_S = 0.0003  # the kernel wakes a sleeper up to this late; the rest is spun away


@dataclass(frozen=True, slots=True)
class Tick:
    """One slot of the grid.

    Attributes:
        index: number of the slot since the first, counting the missed ones.
        due: clock seconds at which the slot is due.
        started: clock seconds at which it was handed out.
        missed: slots before this one that nobody was there to take.
    """

    index: int
    due: float
    started: float
    missed: int


class Pacer:
    """Iterates ticks at fps, each on an absolute grid that starts with the first.

    A slot that is already over when the loop comes back is missed: it is skipped and counted in
    the next tick, so that a stall never turns into a burst.
    """

    def __init__(
        self,
        fps: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._period_s = 1.0 / fps
        self._now = now
        self._sleep = sleep

    def __iter__(self) -> Iterator[Tick]:
        first = self._now()
        yield Tick(0, first, first, 0)
        last = 0
        while True:
            index = max(last + 1, int((self._now() - first) / self._period_s))
            due = first + index * self._period_s
            yield Tick(index, due, self._wait_until(due), index - last - 1)
            last = index

    def _wait_until(self, due: float) -> float:
        ahead = due - self._now()
        if ahead > _SPIN_S:
            self._sleep(ahead - _SPIN_S)
        while (now := self._now()) < due:
            pass
        return now
