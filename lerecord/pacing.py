"""The fixed-rate grid: one Tick a slot, no drift, no burst after a stall; and stalls themselves."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_SPIN_S = 0.0003  # the kernel wakes a sleeper up to this late; the rest is spun away
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # macOS: counts sleep as it is


def boottime() -> float:
    """Seconds of a clock that counts while the machine is suspended, too."""
    return time.clock_gettime(_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where time comes from, and how it is let pass.

    Attributes:
        now: CLOCK_MONOTONIC seconds, which on Linux do not count while the machine is suspended.
        boottime: seconds of a clock that does.
        sleep: waits that many seconds.
    """

    now: Callable[[], float] = time.monotonic
    boottime: Callable[[], float] = boottime
    sleep: Callable[[float], None] = time.sleep


class StallWatch:
    """Measures how long nobody looked: a stopped process, a suspended machine."""

    def __init__(self, clocks: Clocks) -> None:
        self._clocks = clocks
        self._looked_at: tuple[float, float] | None = None

    def look(self) -> float:
        """Seconds since the last look, by the clock that counted more; 0 at the first."""
        before, self._looked_at = self._looked_at, (self._clocks.now(), self._clocks.boottime())
        if before is None:
            return 0.0
        return max(now - then for now, then in zip(self._looked_at, before, strict=True))

    def restart(self) -> None:
        """Forget the last look: what has passed since was meant to."""
        self._looked_at = None


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
