"""A person at a bench, asked to do one thing after the other: Enter goes on, q breaks off."""

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

from lerecord.errors import LerecordError
from lerecord.printable import print_folded, shown

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
        print_folded(sentence, sys.stderr)
        sys.stderr.flush()
        while not self.next(None):
            pass

    def answer(self, question: str) -> str:
        """Ask for a line; empty when only Enter was pressed.

        Raises:
            BrokenOffError: as for `ask`.
        """
        sys.stderr.write(f"{shown(question)} ")
        sys.stderr.flush()
        while (line := self._line(None)) is None:
            pass
        return line

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """For the block, the terminal does not show what is typed, which would shift a display."""
        if not sys.stdin.isatty():
            yield
            return
        before = termios.tcgetattr(sys.stdin)
        mode = [*before]
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, mode)
        try:
            yield
        finally:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)

    def next(self, timeout_s: float | None) -> bool:
        """True once Enter was pressed; False when time is up first.

        Raises:
            BrokenOffError: as for `ask`.
        """
        return self._line(timeout_s) is not None

    def _line(self, timeout_s: float | None) -> str | None:
        if b"\n" not in self._typed:
            if not select.select([sys.stdin], [], [], timeout_s)[0]:
                return None
            if not (typed := os.read(sys.stdin.fileno(), _TYPED_BYTES)):
                raise BrokenOffError(self._broken_off)
            self._typed += typed
        line, newline, rest = self._typed.partition(b"\n")
        if not newline:
            return None
        self._typed = rest
        text = line.decode(errors="replace").strip()
        if text.lower() in ("q", "quit", "\x1b"):
            raise BrokenOffError(self._broken_off)
        return text
