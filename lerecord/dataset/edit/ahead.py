"""Pieces of work that go on in threads, a few ahead of whoever hands them out."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

_THREADS = 4
_SMALL = 1 << 16  # bytes; the handing over of a small piece costs more than its work
_AHEAD = 8  # pieces: what each of them holds in memory is bounded, and progress stays honest


class Ahead:
    """Does pieces of work in threads; a context manager that ends when all of them are done.

    A piece that raises ends the block with its exception; those that have not begun are dropped.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS)
        self._going_on: deque[Future[None]] = deque()

    def do(self, work: Callable[[], None], size_bytes: int) -> None:
        """Begin a piece; waits for the oldest one when many are going on.

        Args:
            work: the piece.
            size_bytes: of what it reads, about; a small piece is done at once, and not in a
                thread.
        """
        if size_bytes < _SMALL:
            work()
            return
        if len(self._going_on) == _AHEAD:
            self._going_on.popleft().result()
        self._going_on.append(self._pool.submit(work))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            while self._going_on and error is None:
                self._going_on.popleft().result()
        finally:
            self._pool.shutdown(cancel_futures=True)
