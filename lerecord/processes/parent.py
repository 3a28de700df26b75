"""A child's end of the pipe: how every child behaves, what it hears, and what it tells."""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from lerecord.processes.child import CHUNK, Message, as_line


class _ToParent:
    """Where `say` writes; stdout until the process behaves as a child."""

    stream: BinaryIO | None = None


def behave_as_child() -> None:
    """What every child does before it imports anything heavy.

    Signals are ignored: the parent decides when it ends, and says so by closing the pipe. A thread
    that dies ends the whole process, with its traceback; half a process would look alive to its
    parent and do nothing. What a driver or a library prints goes to stderr: stdout is the parent's.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    threading.excepthook = _end
    _ToParent.stream = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)


def _end(failure: threading.ExceptHookArgs) -> None:
    threading.__excepthook__(failure)
    os._exit(1)


def messages() -> Iterator[Message]:
    """The parent's messages, until it closes the pipe or dies."""
    for line in _lines():
        yield json.loads(line)


def newest() -> Iterator[Message]:
    """Always the newest of the parent's messages; what came before it is left out."""
    rest = b""
    while data := os.read(sys.stdin.fileno(), CHUNK):
        *lines, rest = (rest + data).split(b"\n")
        if lines:
            yield json.loads(lines[-1])


def end_with_input(on_line: Callable[[], None] = lambda: None) -> None:
    """For a child that does not read its stdin itself: end the process at once when it ends.

    Args:
        on_line: called by another thread for each line that comes before.
    """
    threading.Thread(target=_watch_input, args=(on_line,), daemon=True).start()


def _watch_input(on_line: Callable[[], None]) -> None:
    for _ in _lines():
        on_line()
    os._exit(0)


def _lines() -> Iterator[bytes]:
    """Of stdin, whole ones; what a parent that died left unfinished is none.

    By the descriptor: an interpreter that ends while a thread waits in sys.stdin aborts.
    """
    rest = b""
    while data := os.read(sys.stdin.fileno(), CHUNK):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def say(event: str, **content: Any) -> None:
    """Tell the parent; one that is gone is no error here."""
    tell({"event": event, **content})


def tell(message: Message) -> None:
    """Tell the parent a whole message."""
    stream = sys.stdout.buffer if _ToParent.stream is None else _ToParent.stream
    with contextlib.suppress(BrokenPipeError):
        stream.write(as_line(message))
        stream.flush()
