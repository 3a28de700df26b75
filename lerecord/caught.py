"""What a library in C tells only on stderr, caught while it works."""

import contextlib
import functools
import os
import threading
from collections.abc import Iterator

_STDERR = 2
_MOST_BYTES = 1 << 16
_lock = threading.Lock()


@contextlib.contextmanager
def stderr_caught(beginning: tuple[str, ...]) -> Iterator[list[str]]:
    """Catch the lines that this process writes to its descriptor 2 within the block.

    One block at a time, whichever thread it is in; it takes some 8 microseconds.

    Args:
        beginning: of the lines to be caught; others, also of other threads, are passed on.

    Yields:
        The lines; filled when the block has ended.
    """
    caught: list[str] = []
    with _lock:
        reading, writing = _pipe_of(os.getpid())
        kept = os.dup(_STDERR)
        try:
            os.dup2(writing, _STDERR)
            try:
                yield caught
            finally:
                os.dup2(kept, _STDERR)
            for line in _read(reading).decode(errors="surrogateescape").splitlines(keepends=True):
                if line.startswith(beginning):
                    caught.append(line.rstrip())
                else:
                    os.write(kept, line.encode(errors="surrogateescape"))
        finally:
            os.close(kept)


@functools.cache
def _pipe_of(_pid: int) -> tuple[int, int]:
    """The ends of one pipe a process, as a forked one must not read what its parent's says."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)  # a library that says more than fits is not stopped by it
    return reading, writing


def _read(descriptor: int) -> bytes:
    """What is there."""
    written = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(descriptor, _MOST_BYTES):
            written += chunk
    return written
