import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.recording.operator import (
    Command,
    Keyboard,
    KeyParser,
    Phase,
    Signals,
)


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


KEYS = [
    (b"\r", Command.GO), (b"\n", Command.GO), (b" ", Command.GO),
    (b"\x1b[C", Command.SAVE), (b"\x1bOC", Command.SAVE), (b"n", Command.SAVE),
    (b"N", Command.SAVE), (b"s", Command.SAVE), (b"d", Command.DISCARD),
    (b"\x1b[D", Command.REDO), (b"r", Command.REDO),
    (b"p", Command.PAUSE), (b"q", Command.QUIT),
]  # fmt: skip


@pytest.fixture
def terminal() -> Iterator[tuple[int, Keyboard]]:
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[0] &= ~termios.ICRNL
    attributes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    os.set_blocking(slave, False)
    yield master, Keyboard(slave, KeyParser(Clock()))
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(("typed", "command"), KEYS)
def test_each_key_has_its_command(
    terminal: tuple[int, Keyboard], typed: bytes, command: Command
) -> None:
    master, keyboard = terminal
    assert keyboard.poll() is None
    os.write(master, typed)
    assert keyboard.poll() is command
    assert keyboard.poll() is None


def test_a_lone_escape_is_a_key_once_nothing_follows() -> None:
    clock = Clock()
    parser = KeyParser(clock)
    assert parser.feed(b"\x1b") == []
    clock.now_s = 0.05
    assert parser.feed(b"") == []
    clock.now_s = 0.2
    assert parser.feed(b"") == ["esc"]


def test_an_arrow_that_arrives_in_pieces_is_still_an_arrow() -> None:
    clock = Clock()
    parser = KeyParser(clock)
    for piece in (b"\x1b", b"["):
        assert parser.feed(piece) == []
        clock.now_s += 0.08
    assert parser.feed(b"C") == ["right"]


@given(st.lists(st.sampled_from([typed for typed, _ in KEYS] + [b"\x1b[A", b"\x1b[3~", b"x"])))
def test_keys_do_not_depend_on_how_the_bytes_are_cut(typed: list[bytes]) -> None:
    whole, pieces = KeyParser(Clock()), KeyParser(Clock())
    data = b"".join(typed)
    one_by_one = [key for byte in data for key in pieces.feed(bytes([byte]))]
    assert one_by_one == whole.feed(data)


def test_keys_pressed_for_the_phase_before_are_forgotten(terminal: tuple[int, Keyboard]) -> None:
    master, keyboard = terminal
    os.write(master, b"\r\r")
    assert keyboard.poll() is Command.GO
    keyboard.enter(Phase.RECORDING)
    assert keyboard.poll() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Signals() as signals:
        assert signals.poll() is None
        os.kill(os.getpid(), number)
        assert signals.poll() is Command.STOP
        assert signals.received is number
    assert signal.getsignal(number) is before
