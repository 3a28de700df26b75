"""A pedal, or a gamepad: its keys as an operator's, read from the system's input device."""

import fcntl
import os
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lerecord.errors import ConfigError
from lerecord.recording.session import Command, Phase
from lerecord.ui.terminal.keys import SHORT_TAKE_S

_EVENT = struct.Struct("@llHHi")  # input_event of linux/input.h: seconds, µs, type, code, value
_KEY, _DOWN = 1, 1  # a value of 0 is up, of 2 a repeat
_GRAB = 0x40044590  # EVIOCGRAB
_BOUNCE_S = 0.25
_AT_ONCE = 64 * _EVENT.size

_GAMEPAD = range(0x130, 0x140)
_A, _B = 0x130, 0x131
_REDO = frozenset((14, 19, 46, 104, 105, 273))
"""Backspace, R, C, Page Up, Left, and the right button of a mouse."""


@dataclass(frozen=True, slots=True)
class PedalDevice:
    """An input device that nobody else gets keys from.

    Attributes:
        path: as it was given.
        descriptor: gives `input_event`s without waiting.
    """

    path: Path
    descriptor: int


@contextmanager
def opened_pedal(path: Path | None) -> Iterator[PedalDevice | None]:
    """A pedal, for this process alone; None where none is wanted.

    Raises:
        ConfigError: it is missing, cannot be read, or is another program's.
    """
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        try:
            fcntl.ioctl(descriptor, _GRAB, 1)
        except OSError as error:
            raise _unusable(path, error) from error
        yield PedalDevice(path, descriptor)
    finally:
        os.close(descriptor)  # which gives it back


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The pedal {path} cannot be used ({error.strerror}); plug it in, see `ls -l "
        f"/dev/input/by-id` for its path, and be a member of the group `input`, or leave --pedal "
        f"out."
    )


class Pedal:
    """An operator with one key, or two: Enter's, and redo.

    Backspace, R, C, Left, Page Up, a mouse's right button and a gamepad's B redo; of a gamepad only
    A is Enter's, of everything else any other key.

    Args:
        device: that is read.
        tell: told a sentence when it is unplugged; the session goes on without it.
        now: seconds, as `enter` and `poll` see them.
    """

    def __init__(
        self,
        device: PedalDevice,
        tell: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._device = device
        self._tell = tell
        self._now = now
        self._data = b""
        self._down_at: dict[int, float] = {}
        self._commands: deque[Command] = deque()
        self._phase: Phase | None = None
        self._entered_at = 0.0
        self._lost = False

    def poll(self) -> Command | None:
        """What the next key that was pressed asks for."""
        self._commands += self._pressed()
        if not self._commands:
            return None
        command = self._commands.popleft()
        ends = self._phase is Phase.RECORDING and command is Command.GO
        short = ends and self._now() - self._entered_at < SHORT_TAKE_S
        return Command.CONFIRM if short else command

    def enter(self, phase: Phase) -> None:
        """Keys pressed for the phase that is over, or before the session began, are forgotten."""
        if self._phase is None:
            self._pressed()
        self._commands.clear()
        self._phase, self._entered_at = phase, self._now()

    def _pressed(self) -> list[Command]:
        self._data += self._read()
        whole = len(self._data) // _EVENT.size * _EVENT.size
        events, self._data = self._data[:whole], self._data[whole:]
        found = []
        for seconds, micros, kind, code, value in _EVENT.iter_unpack(events):
            if (kind, value) != (_KEY, _DOWN) or self._bounces(code, seconds + micros / 1e6):
                continue
            if (command := _command_of(code)) is not None:
                found.append(command)
        return found

    def _bounces(self, code: int, at: float) -> bool:
        """By the device's own clock: a loop that is late must not make two presses of one."""
        before = self._down_at.get(code)
        self._down_at[code] = at
        return before is not None and 0 <= at - before < _BOUNCE_S

    def _read(self) -> bytes:
        if self._lost:
            return b""
        try:
            data = os.read(self._device.descriptor, _AT_ONCE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._lost = True
            self._tell(
                f"The pedal {self._device.path} is unplugged; the session goes on without it. End "
                f"it and plug the pedal in to use it again."
            )
        return data


def _command_of(code: int) -> Command | None:
    if code in _GAMEPAD:
        return {_A: Command.GO, _B: Command.REDO}.get(code)
    return Command.REDO if code in _REDO else Command.GO
