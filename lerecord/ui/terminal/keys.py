"""Who decides: the keys of the terminal, and the signals of the system."""

import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from lerecord.recording.session import Command, Phase
from lerecord.ui.terminal.terminal import KeyMode

_ESCAPE_PATIENCE_S = 0.1  # a lone Esc key and the start of an arrow key begin with the same byte
_FIRST_REPEAT_S = 0.75  # desktops and consoles begin to repeat a held key after 0.25 to 0.66 s
_UP_S = 0.55  # not seen for that long, a key that repeated has been let go; the slowest do at 2 Hz
SHORT_TAKE_S = 1.0
_STALL_S = 0.2  # between two polls: what is read then may have been typed at any time between them


RECORDING_KEYS = {
    "\r": Command.GO, "\n": Command.GO, " ": Command.GO,
    "right": Command.SAVE, "n": Command.SAVE,
    "s": Command.SUCCEED, "f": Command.FAIL,
    "left": Command.REDO, "r": Command.REDO,
    "d": Command.DISCARD,
    "l": Command.LEAVE,
    "p": Command.PAUSE,
    "a": Command.ACCEPT,
    "q": Command.QUIT, "esc": Command.QUIT,
}  # fmt: skip
"""Where a person's demonstrations are recorded."""
ROLLOUT_KEYS = RECORDING_KEYS | {
    "t": Command.TAKE_OVER, "g": Command.RESUME, "h": Command.HOLD,
}  # fmt: skip
"""Where a policy drives, and a person can take over and give back."""
BY_HAND_KEYS = RECORDING_KEYS | {"t": Command.TAKE_OVER}
"""Where a path is taught by hand on the limp follower, and replayed."""
QUEUE_KEYS = {
    "j": Command.NEXT_TASK, "down": Command.NEXT_TASK,
    "k": Command.TASK_BEFORE, "up": Command.TASK_BEFORE,
}  # fmt: skip
"""Besides, where there is a queue of tasks."""
DRIVING_KEYS = {
    "\r": Command.GO, "\n": Command.GO,
    "p": Command.HOLD, " ": Command.HOLD,
    "q": Command.QUIT, "esc": Command.QUIT,
}  # fmt: skip
"""Where nothing is recorded."""
ROLLOUT_DRIVING_KEYS = DRIVING_KEYS | {"t": Command.TAKE_OVER, "g": Command.RESUME}
"""Where a policy drives, and nothing is recorded."""
_ENDS = (Command.GO, Command.SAVE, Command.SUCCEED, Command.FAIL)
_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}

_REDO_THE_LAST = ("r", "redo the last")
_LABEL_THE_LAST = ("s/f", "succeeded/failed")
_OF_THE_LAST = (_REDO_THE_LAST, _LABEL_THE_LAST)
KEY_HINTS: dict[Phase, tuple[tuple[str, str], ...]] = {
    Phase.RESETTING: (("Enter", "start"), *_OF_THE_LAST, ("p", "pause"), ("q", "quit")),
    Phase.CATCHING_UP: (_REDO_THE_LAST, ("p", "pause"), ("q", "quit")),
    Phase.RECORDING: (
        ("Enter", "save"),
        ("s/f", "success/failure"),
        ("r", "redo"),
        ("q", "quit"),
    ),
    Phase.PAUSED: (("Enter", "continue"), ("q", "quit")),
    Phase.ASKING: (
        ("s", "save, quit"),
        ("d", "discard, quit"),
        ("l", "quit, recover later"),
        ("Enter", "save, go on"),
        ("r", "redo, go on"),
    ),
    Phase.CONFIRMING: (("s", "save it"), ("d", "discard it"), ("q", "quit")),
    Phase.DRIVING: (("Space", "hold"), ("q", "stop and park")),
    Phase.HOLDING: (("Space", "go on"), ("q", "stop and park")),
    Phase.DONE: (),
}
"""What the keys do in each phase, the most useful first, for people."""


_ROLLOUT_HINTS: tuple[tuple[str, str], ...] = (
    ("t", "take over"),
    ("g", "give back"),
    ("h", "hold"),
)
_QUEUE_HINTS = (("j/k", "next task/task before"),)
_STEPPED_IN = (Phase.RESETTING, Phase.CATCHING_UP, Phase.PAUSED)
_TAKEN_OVER_IN = (Phase.RECORDING, Phase.DRIVING)


def hints(
    phase: Phase,
    has_saved: bool,
    rollout: bool = False,
    taught: bool = False,
    queued: bool = False,
) -> tuple[tuple[str, str], ...]:
    """What the keys do now; only a take that was saved can be redone, and a rollout taken over.

    What is taught by hand is taught between takes, and so is a queue of tasks stepped through.
    """
    further = _ROLLOUT_HINTS if rollout and phase in _TAKEN_OVER_IN else ()
    if taught and phase is Phase.RESETTING:
        further = (("t", "teach"),)
    known = [hint for hint in KEY_HINTS[phase] if has_saved or hint not in _OF_THE_LAST]
    if queued and phase in _STEPPED_IN:
        known[1:1] = _QUEUE_HINTS
    return (*further, *known)


class KeyParser:
    """Bytes of a terminal to names of keys; a sequence may arrive in pieces, as over SSH."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now = now
        self._pending = ""
        self._pending_since = 0.0

    def feed(self, data: bytes) -> list[str]:
        """The keys that are complete now; feed b"" to let time pass."""
        if data:
            self._pending += data.decode("ascii", "replace")
            self._pending_since = self.now()
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
        patient = self.now() - self._pending_since < _ESCAPE_PATIENCE_S
        if len(self._pending) == 1:
            return ("", 0) if patient else ("esc", 1)
        if self._pending[1] not in "[O":
            return "esc", 1
        for place, character in enumerate(self._pending[2:], start=2):
            if "@" <= character <= "~":  # the final byte of a control sequence
                return _ARROWS.get(character, ""), place + 1
        return ("", 0) if patient else ("", len(self._pending))


class HeldKeys:
    """Tells a key that is pressed from one that repeats, because it is held down or bounces."""

    def __init__(self) -> None:
        self._pressed_at: dict[str, float] = {}
        self._seen_at: dict[str, float] = {}

    def repeats(self, key: str, now: float, typed_at: float) -> bool:
        """Whether the key, seen now, has been down since it was pressed the last time.

        Args:
            key: its name.
            now: seconds.
            typed_at: the earliest time at which it may have been typed.
        """
        seen_at = self._seen_at.get(key)
        self._seen_at[key] = now
        if seen_at is not None:
            patience_s = _FIRST_REPEAT_S if seen_at == self._pressed_at[key] else _UP_S
            if typed_at - seen_at < patience_s:
                return True
        self._pressed_at[key] = now
        return False


class Keyboard:
    """The keys of a terminal, read without waiting: one press, one command.

    Args:
        descriptor: gives bytes of keys at once, as a terminal in `KeyMode` does.
        parser: with the clock by which keys are told from their repeats.
        terminal: says whether keys may be read now.
        keys: name of a key to what it asks for.
    """

    def __init__(
        self,
        descriptor: int,
        parser: KeyParser | None = None,
        terminal: KeyMode | None = None,
        keys: Mapping[str, Command] = RECORDING_KEYS,
    ) -> None:
        self._descriptor = descriptor
        self._keys = keys
        self._parser = parser if parser is not None else KeyParser()
        self._terminal = terminal
        self._held = HeldKeys()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)
        self._commands: deque[Command] = deque()
        self._phase: Phase | None = None
        self._polled_at = self._parser.now()
        self._entered_at = 0.0
        self._lost = False

    def poll(self) -> Command | None:
        """The command of the next key that has one; STOP once the terminal is gone."""
        if self._terminal is None or self._terminal.is_ours():
            self._commands += [self._keys[key] for key in self._pressed() if key in self._keys]
        if self._lost:
            return Command.STOP  # nobody sees the session any more, nor can end it
        return self._meant(self._commands.popleft()) if self._commands else None

    def enter(self, phase: Phase) -> None:
        """Keys pressed for the phase that is over, or before the session began, are forgotten."""
        if self._phase is None:
            self._pressed()
        self._commands.clear()
        self._phase, self._entered_at = phase, self._parser.now()

    def _pressed(self) -> list[str]:
        """The keys that were pressed since this was asked the last time."""
        now = self._parser.now()
        typed_at, self._polled_at = self._polled_at, now
        if now - typed_at < _STALL_S:
            typed_at = now
        keys = self._parser.feed(self._read())
        return [key for key in keys if not self._held.repeats(key, now, typed_at)]

    def _meant(self, command: Command) -> Command | None:
        """What a key means in this phase, where that depends on its having been a key."""
        if self._phase is Phase.ASKING and command is Command.QUIT:
            return None  # the key that asked does not answer
        if self._phase is Phase.HOLDING and command is Command.HOLD:
            return Command.RESUME
        if self._phase in (Phase.ASKING, Phase.CONFIRMING) and command is Command.SUCCEED:
            return Command.SAVE  # s is for save where that is asked
        ends = self._phase is Phase.RECORDING and command in _ENDS
        if ends and self._parser.now() - self._entered_at < SHORT_TAKE_S:
            return Command.CONFIRM
        return command

    def _read(self) -> bytes:
        events = [event for _, event in self._poll.poll(0)]
        try:
            data = os.read(self._descriptor, 1024) if events else b""
        except BlockingIOError:
            return b""
        except OSError:
            self._lost = True
            return b""
        if events and events[0] & (select.POLLHUP | select.POLLERR) and not data:
            self._lost = True
        return data


@contextmanager
def keyboard(keys: Mapping[str, Command] = RECORDING_KEYS) -> Iterator[Keyboard]:
    """The keys of the terminal on stdin; it is as it was before on every exit."""
    with KeyMode(sys.stdin.fileno()) as terminal:
        yield Keyboard(terminal.descriptor, terminal=terminal, keys=keys)


class Signals:
    """SIGINT, SIGTERM, SIGHUP and SIGQUIT as one command: stop safely.

    A context manager: within it `listen` takes them, and its end puts back what took them before.
    """

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def poll(self) -> Command | None:
        """STOP from the first signal on."""
        return Command.STOP if self.received is not None else None

    def enter(self, phase: Phase) -> None:
        """A signal does not depend on the phase."""

    def listen(self) -> None:
        """Take them from now on, until the context ends."""
        for number in self._NUMBERS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # started by nohup: to go on without its terminal
            self._before[number] = signal.signal(number, self._receive)

    def __enter__(self) -> "Signals":
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # as signal() returned it

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.received = signal.Signals(number)
