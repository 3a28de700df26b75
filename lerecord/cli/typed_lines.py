"""A person at a bench, asked to do one thing after the other: Enter goes on, q breaks off."""

import os
import select
import sys

from lerecord.errors import LerecordError
from lerecord.printable import print_line

_TYPED_BYTES = 4096


class BrokenOffError(LerecordError):
    """The person broke it off."""


class TypedLines:
    """What is typed, a line at a time: Enter goes on, q and the end of the input break off.

    What is asked goes to stderr, so that stdout has the result alone.

    Args:
        broken_off: what is said of that.
    """

    def __init__(self, broken_off: str) -> None:
        self._broken_off = broken_off
        self._typed = b""

    def ask(self, sentence: str) -> None:
        """Say what to do, and wait for Enter.

        Raises:
            BrokenOffError: q was typed, or nobody is there to type.
        """
        print_line(sentence, sys.stderr)
        sys.stderr.flush()
        while not self.next(None):
            pass

    def next(self, timeout_s: float | None) -> bool:
        """True once Enter was pressed; False when time is up first.

        Raises:
            BrokenOffError: as for `ask`.
        """
        if b"\n" not in self._typed:
            if not select.select([sys.stdin], [], [], timeout_s)[0]:
                return False
            if not (typed := os.read(sys.stdin.fileno(), _TYPED_BYTES)):
                raise BrokenOffError(self._broken_off)
            self._typed += typed
        line, newline, rest = self._typed.partition(b"\n")
        if not newline:
            return False
        self._typed = rest
        if line.strip().lower() in (b"q", b"quit", b"\x1b"):
            raise BrokenOffError(self._broken_off)
        return True
