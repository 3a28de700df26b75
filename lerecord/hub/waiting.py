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
    (result,) = _results([work], seconds, 1)
    return result


def each_within(seconds: float, works: Sequence[Callable[[], _T]], threads: int) -> None:
    """Do works side by side, each of which reports by ending.

    Raises:
        TooSlowError: none of them was done for so long.
    """
    _results(works, seconds, threads)


def _results(works: Sequence[Callable[[], _T]], seconds: float, threads: int) -> list[_T]:
    todo: queue.SimpleQueue[Callable[[], _T]] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[_T, None] | tuple[None, BaseException]] = queue.SimpleQueue()
    for work in works:
        todo.put(work)
    given_up = threading.Event()

    def run() -> None:
        while not given_up.is_set():
            try:
                work = todo.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((work(), None))
            except BaseException as error:
                done.put((None, error))

    for _ in range(min(threads, len(works))):
        threading.Thread(target=run, daemon=True).start()
    results = []
    try:
        for _ in works:
            result, error = done.get(timeout=seconds)
            if error is not None:
                raise error
            results.append(result)
    except queue.Empty:
        raise TooSlowError(f"there was no answer within {seconds:.0f} s") from None
    finally:
        given_up.set()
    return results  # type: ignore[return-value]
