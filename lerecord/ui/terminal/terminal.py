"""The terminal that a session is run from: whose it is just now, and the mode it is in."""

import os
import signal
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_NO_CURSOR = {"", "dumb", "unknown"}  # values of TERM
_LFLAG, _IFLAG, _CC = 3, 0, 6  # places in what tcgetattr returns


def in_background(descriptor: int = 0) -> bool:
    """Another job has the terminal: reading keys or changing its mode would disturb that one."""
    try:
        group = os.tcgetpgrp(descriptor)
    except OSError:
        return False  # it controls no job of ours
    return group not in (0, os.getpgrp())  # 0: a job outside of this container


def is_attended() -> bool:
    """Somebody can press keys and see what comes of it."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not in_background()


def has_cursor(environ: Mapping[str, str] = os.environ) -> bool:
    """The terminal can show a screen, not only lines."""
    return environ.get("TERM", "") not in _NO_CURSOR


@contextmanager
def never_stopped_by_it() -> Iterator[None]:
    """For the block, reading or writing from the background fails instead of stopping the process.

    A stopped process would keep the ports, and the arm under power, without a word.
    """
    numbers = (signal.SIGTTIN, signal.SIGTTOU)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class KeyMode:
    """A terminal that gives each key at once, without showing it; a context manager.

    Ctrl-S does not stop its output meanwhile. Nothing here waits for the output to be taken, and
    the terminal is as it was before on every exit.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._before = termios.tcgetattr(descriptor)

    def is_ours(self) -> bool:
        """Whether keys may be read now; the mode is set anew where a shell changed it (`fg`)."""
        if in_background(self.descriptor):
            return False
        try:
            mode = termios.tcgetattr(self.descriptor)
            if mode[_LFLAG] & (termios.ICANON | termios.ECHO):
                self._enter()
        except termios.error:
            pass  # the terminal is gone; reading will tell
        return True

    def __enter__(self) -> "KeyMode":
        self._enter()
        return self

    def __exit__(self, *_: object) -> None:
        if not in_background(self.descriptor):
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(self.descriptor, termios.TCSANOW, self._before)
                termios.tcflush(self.descriptor, termios.TCIFLUSH)  # keys meant for the session

    def _enter(self) -> None:
        mode = termios.tcgetattr(self.descriptor)
        mode[_LFLAG] &= ~(termios.ICANON | termios.ECHO)
        mode[_IFLAG] &= ~termios.IXON
        characters = list(mode[_CC])
        characters[termios.VMIN], characters[termios.VTIME] = 0, 0  # a read never waits
        mode[_CC] = characters
        termios.tcsetattr(self.descriptor, termios.TCSANOW, mode)
        termios.tcflush(self.descriptor, termios.TCIFLUSH)
