"""Waiting for the network, but not for ever.

The client's own timeouts are for silence between two bytes, where it has any: a server that sends
a byte now and then is waited for without end.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

SLOWEST_BYTES_PER_S = 10_000
_T = TypeVar("_T")


class TooSlowError(Exception):
    """What was waited for did not come in time."""


class Allowance:
    """The time that a transfer may take.

    Args:
        silence_s: before and between its parts.
        size_bytes: of all of it.
        now: a monotonic clock.
    """

    def __init__(
        self, silence_s: float, size_bytes: int = 0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = now
        self.seconds = 3 * silence_s + size_bytes / SLOWEST_BYTES_PER_S
        self._until = now() + self.seconds

    def require(self) -> None:
        """Raises TooSlowError when it is used up."""
        if self._now() > self._until:
            raise TooSlowError(f"it took more than {self.seconds:.0f} s")


def within(seconds: float, work: Callable[[], _T]) -> _T:
    """The result of work that may hang.

    Work that hangs is left behind in a thread that does not keep the process from ending.

    Raises:
        TooSlowError: it was not done in time.
    """
    results: list[_T] = []
    each_within(seconds, [lambda: results.append(work())], 1)
    return results[0]


def each_within(seconds: float, works: Sequence[Callable[[], None]], threads: int) -> None:
    """Do works side by side; when one fails, none of them goes on behind this call.

    Raises:
        TooSlowError: none of them ended for so long.
    """
    crew = _Crew(works)
    running = [threading.Thread(target=crew.run, daemon=True) for _ in works[:threads]]
    for thread in running:
        thread.start()
    try:
        for _ in works:
            if (error := crew.ended.get(timeout=seconds)) is not None:
                for thread in running:
                    thread.join(seconds)
                raise error
    except queue.Empty:
        raise TooSlowError(f"there was no answer within {seconds:.0f} s") from None
    finally:
        crew.stopped.set()


class _Crew:
    """What several threads work off.

    Attributes:
        ended: an entry for each work, its failure or None.
        stopped: nothing more is begun.
    """

    def __init__(self, works: Sequence[Callable[[], None]]) -> None:
        self._todo: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.ended: queue.SimpleQueue[BaseException | None] = queue.SimpleQueue()
        self.stopped = threading.Event()
        for work in works:
            self._todo.put(work)

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                work = self._todo.get_nowait()
            except queue.Empty:
                return
            try:
                work()
            except BaseException as error:
                self.stopped.set()
                self.ended.put(error)
            else:
                self.ended.put(None)
