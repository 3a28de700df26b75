"""Who decides: the keys of the terminal, and the signals of the system."""

import os
import signal
import sys
import termios
import time
import tty
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from types import FrameType
from typing import Protocol

_ESCAPE_PATIENCE_S = 0.1  # a lone Esc key and the start of an arrow key begin with the same byte


class Phase(StrEnum):
    """Where a session stands."""

    RESETTING = "resetting"
    CATCHING_UP = "catching up"  # a take was asked for, and the follower is not there yet
    RECORDING = "recording"
    PAUSED = "paused"
    ASKING = "asking"
    DONE = "done"


class Command(StrEnum):
    """What an operator can ask for; what it does depends on the phase."""

    GO = "go"
    SAVE = "save"
    DISCARD = "discard"
    REDO = "redo"
    PAUSE = "pause"
    QUIT = "quit"
    STOP = "stop"


class Operator(Protocol):
    """Asked once a tick; must never wait."""

    def poll(self) -> Command | None:
        """The next thing asked for, or None."""
        ...

    def enter(self, phase: Phase) -> None:
        """The session has entered a phase."""
        ...


_KEYS = {
    "\r": Command.GO, "\n": Command.GO, " ": Command.GO,
    "right": Command.SAVE, "n": Command.SAVE, "s": Command.SAVE,
    "left": Command.REDO, "r": Command.REDO,
    "d": Command.DISCARD,
    "p": Command.PAUSE,
    "q": Command.QUIT, "esc": Command.QUIT,
}  # fmt: skip
_ARROWS = {"C": "right", "D": "left"}


class KeyParser:
    """Bytes of a terminal to names of keys; a sequence may arrive in pieces, as over SSH."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._pending = ""
        self._pending_since = 0.0

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete now; feed b"" to let time pass."""
        if data:
            self._pending += data.decode("ascii", "replace")
            self._pending_since = self._now()
        keys = []
        while self._pending:
            key, length = self._first()
            if length == 0:
                break
            self._pending = self._pending[length:]
            if key:
                keys.append(key)
        return keys

    def _first(self) -> tuple[str, int]:
        """The first key and how many characters it takes; a length of 0 when it is incomplete."""
        if self._pending[0] != "\x1b":
            return self._pending[0].lower(), 1
        patient = self._now() - self._pending_since < _ESCAPE_PATIENCE_S
        if len(self._pending) == 1:
            return ("", 0) if patient else ("esc", 1)
        if self._pending[1] not in "[O":
            return "esc", 1
        for place, character in enumerate(self._pending[2:], start=2):
            if "@" <= character <= "~":  # the final byte of a control sequence
                return _ARROWS.get(character, ""), place + 1
        return ("", 0) if patient else ("", len(self._pending))


class Keyboard:
    """The keys of a terminal, read without waiting; the terminal must be in cbreak mode."""

    def __init__(self, fd: int, parser: KeyParser | None = None) -> None:
        self._fd = fd
        self._parser = parser if parser is not None else KeyParser()
        self._commands: deque[Command] = deque()

    def poll(self) -> Command | None:
        """The command of the next key that has one."""
        try:
            data = os.read(self._fd, 1024)
        except BlockingIOError:
            data = b""
        keys = self._parser.feed(data)
        self._commands.extend(_KEYS[key] for key in keys if key in _KEYS)
        return self._commands.popleft() if self._commands else None

    def enter(self, phase: Phase) -> None:
        """Keys pressed for the phase that is over are forgotten."""
        self._commands.clear()


@contextmanager
def keyboard() -> Iterator[Keyboard]:
    """The terminal on stdin in cbreak mode, non-blocking; as it was before on every exit."""
    fd = sys.stdin.fileno()
    mode = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd, termios.TCSADRAIN)
        # A descriptor of its own: O_NONBLOCK on the shared one would reach the shell as well.
        own = os.open(os.ttyname(fd), os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            yield Keyboard(own)
        finally:
            os.close(own)
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, mode)


class Signals:
    """SIGINT, SIGTERM, SIGHUP and SIGQUIT as one command: stop safely. A context manager."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def poll(self) -> Command | None:
        """STOP from the first signal on."""
        return Command.STOP if self.received is not None else None

    def enter(self, phase: Phase) -> None:
        """A signal does not depend on the phase."""

    def __enter__(self) -> "Signals":
        for number in self._NUMBERS:
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal() returned it

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = signal.Signals(number)
