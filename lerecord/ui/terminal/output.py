"""Text for people, written by a thread: a terminal or pipe that stands still keeps nobody waiting.

Ctrl-S, a stalled SSH connection, a pager that reads no further or a full pipe would otherwise
stop whoever prints, and that may be the process that has an arm under power.
"""

import io
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TextIO

from lerecord.processes import environment, python

_WAITING = 10_000  # pieces of text that may wait; beyond that the oldest are given up
_PIECE = 512  # bytes written at once
_LEFT_LATER = 32768  # bytes; they fit into a pipe
_WRITE_LATER = "import os, sys; os.write(1, sys.stdin.buffer.read())"
_PATIENCE_S = 3.0


class Output(io.TextIOBase):
    """A text stream in place of another; to write to it neither waits nor raises.

    Args:
        stream: the one whose file is written.
        patience_s: how long `finish` waits for what is still unwritten.
    """

    def __init__(self, stream: TextIO, patience_s: float = _PATIENCE_S) -> None:
        super().__init__()
        self._stream = stream
        self._patience_s = patience_s
        self._waiting: deque[bytes] = deque(maxlen=_WAITING)
        self._writing = b""
        self._changed = threading.Condition()
        self._finishing = False
        self.failure: str | None = None
        """Why nothing can be written any more; None while it can."""
        self.successor: subprocess.Popen[bytes] | None = None
        """Writes what was left when `finish` returned; None when nothing was."""
        try:
            stream.flush()
        except OSError as failure:
            self._fail(failure)
        self._thread = threading.Thread(target=self._run, name="output", daemon=True)
        self._thread.start()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # the base class has an attribute
        """That of the stream."""
        return self._stream.encoding

    def fileno(self) -> int:
        """The descriptor of the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Have the text written as soon as that is possible."""
        with self._changed:
            if self.failure is None:
                self._waiting.append(text.encode(self.encoding, "backslashreplace"))
                self._changed.notify()
        return len(text)

    def finish(self) -> None:
        """Wait a moment for what is unwritten; a terminal gets the rest when it goes on."""
        with self._changed:
            self._finishing = True
            self._changed.notify()
        self._thread.join(self._patience_s)
        with self._changed:
            rest = self._writing + b"".join(self._waiting)
            self._waiting.clear()
        if rest and self.isatty():
            self.successor = _write_later(self.fileno(), rest)

    def _run(self) -> None:
        while self._take_next():
            while self._writing:
                try:
                    written = os.write(self.fileno(), self._writing[:_PIECE])
                except OSError as failure:
                    self._fail(failure)
                    return
                with self._changed:
                    self._writing = self._writing[written:]

    def _take_next(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._finishing)
            if self._waiting:
                self._writing = self._waiting.popleft()
            return bool(self._writing)

    def _fail(self, failure: OSError) -> None:
        with self._changed:
            self.failure = failure.strerror or str(failure)
            self._waiting.clear()
            self._writing = b""


def _write_later(descriptor: int, text: bytes) -> subprocess.Popen[bytes]:
    """Leave a process that waits for the terminal, so that it is whole again when it goes on."""
    process = subprocess.Popen(
        python("-c", _WRITE_LATER),
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=descriptor,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(text[-_LEFT_LATER:])
    return process


@contextmanager
def never_waiting() -> Iterator[None]:
    """For the block, whatever is printed to stdout and stderr keeps nobody waiting."""
    out, err = Output(sys.stdout), Output(sys.stderr)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            yield
    finally:
        out.finish()
        if out.failure is not None:
            err.write(f"lerecord: stdout could not be written ({out.failure}).\n")
        err.finish()
