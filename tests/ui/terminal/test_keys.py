import os
import pty
import signal
import termios
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.recording.session import Command, Phase
from lerecord.ui.terminal import DRIVING_KEYS, ROLLOUT_KEYS, Signals
from lerecord.ui.terminal.keys import Keyboard, KeyParser, hints


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


KEYS = [
    (b"\r", Command.GO), (b"\n", Command.GO), (b" ", Command.GO),
    (b"\x1b[C", Command.SAVE), (b"\x1bOC", Command.SAVE), (b"n", Command.SAVE),
    (b"N", Command.SAVE), (b"s", Command.SUCCEED), (b"f", Command.FAIL), (b"d", Command.DISCARD),
    (b"\x1b[D", Command.REDO), (b"r", Command.REDO),
    (b"p", Command.PAUSE), (b"q", Command.QUIT), (b"l", Command.LEAVE),
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


class Pressed:
    """A keyboard whose keys are typed at given times; each command, and when it came."""

    def __init__(self, entered: bool = True) -> None:
        self.clock = Clock()
        reader, self.writer = os.pipe()
        os.set_blocking(reader, False)
        self.reader = reader
        self.keyboard = Keyboard(reader, KeyParser(self.clock))
        if entered:
            self.keyboard.enter(Phase.RESETTING)

    def play(self, typed: list[tuple[float, bytes]], period_s: float = 1 / 30) -> list[Command]:
        """Type at these times, and poll once a period, as a session does."""
        commands, queue = [], sorted(typed)
        while queue or self.clock.now_s < (typed[-1][0] + 0.3 if typed else 0.0):
            while queue and queue[0][0] <= self.clock.now_s:
                os.write(self.writer, queue.pop(0)[1])
            if (command := self.keyboard.poll()) is not None:
                commands.append(command)
            self.clock.now_s += period_s
        return commands

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


def held(
    key: bytes, at: float, hold_s: float, delay_s: float, rate_hz: float
) -> list[tuple[float, bytes]]:
    """What a terminal gets of a key that is held down."""
    count = max(0, int((hold_s - delay_s) * rate_hz) + 1) if hold_s >= delay_s else 0
    return [(at, key), *((at + delay_s + i / rate_hz, key) for i in range(count))]


@pytest.fixture
def pressed() -> Iterator[Pressed]:
    playing = Pressed()
    yield playing
    playing.close()


@given(
    st.sampled_from(KEYS),
    st.floats(0, 6),
    st.floats(0.01, 0.7),  # X11 waits 0.66 s
    st.floats(2.0, 200.0),
    st.sampled_from([1 / 30, 1 / 60, 1 / 200]),
)
def test_a_key_that_is_held_is_one_act(
    key: tuple[bytes, Command], hold_s: float, delay_s: float, rate_hz: float, period_s: float
) -> None:
    pressed = Pressed()
    try:
        typed = held(key[0], 0.1, hold_s, delay_s, rate_hz)
        assert pressed.play(typed, period_s) == [key[1]]
    finally:
        pressed.close()


@given(st.lists(st.floats(0, 0.2), max_size=5), st.floats(1.1, 5))
def test_a_key_that_bounces_is_one_act_a_press(bounces: list[float], later: float) -> None:
    pressed = Pressed()
    try:
        once = [(0.1, b"\x1b[D"), *((0.1 + bounce, b"\x1b[D") for bounce in sorted(bounces))]
        again = [(once[-1][0] + later, b"\x1b[D")]
        assert pressed.play(once + again) == [Command.REDO] * 2
    finally:
        pressed.close()


def test_a_key_acts_again_half_a_second_after_it_was_let_go(pressed: Pressed) -> None:
    typed = held(b"\r", 0.1, 2.0, 0.25, 10.9)
    assert pressed.play([*typed, (typed[-1][0] + 0.6, b"\r")]) == [Command.GO, Command.GO]


def test_a_key_that_was_tapped_acts_again_after_a_second(pressed: Pressed) -> None:
    assert pressed.play([(0.1, b"\r"), (1.1, b"\r"), (2.1, b"\r")]) == [Command.GO] * 3


def test_different_keys_do_not_wait_for_each_other(pressed: Pressed) -> None:
    assert pressed.play([(0.1, b"r"), (0.2, b"p"), (0.3, b"\r")]) == [
        Command.REDO,
        Command.PAUSE,
        Command.GO,
    ]


@pytest.mark.parametrize("stall_s", [0.76, 1.5, 3.0])
def test_a_key_that_is_held_while_nobody_looks_is_one_act(pressed: Pressed, stall_s: float) -> None:
    typed = held(b"\r", 0.0, 6.0, 0.5, 10.9)
    before = [each for each in typed if each[0] < 1.0]
    assert pressed.play(before) == [Command.GO]
    begins = pressed.clock.now_s
    pressed.clock.now_s += stall_s
    while_away = [each for each in typed if begins <= each[0] < pressed.clock.now_s]
    for _, key in while_away:
        os.write(pressed.writer, key)
    assert pressed.play([each for each in typed if each[0] >= begins + stall_s]) == []


@pytest.mark.parametrize("held_s", [0.1, 0.76, 2.0])
def test_a_key_held_since_before_the_session_acts_once_it_was_let_go(held_s: float) -> None:
    pressed = Pressed(entered=False)
    typed = held(b"\r", 0.0, held_s + 2.0, 0.5, 10.9)
    for _, key in (each for each in typed if each[0] <= held_s):
        os.write(pressed.writer, key)
    pressed.clock.now_s = held_s
    pressed.keyboard.enter(Phase.RESETTING)
    later = [each for each in typed if each[0] > held_s]
    try:
        assert pressed.play(later) == []
        assert pressed.play([(later[-1][0] + 1.0, b"\r")]) == [Command.GO]
    finally:
        pressed.close()


def test_keys_typed_before_the_session_are_forgotten() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"\r\x1b")
    keyboard = Keyboard(reader, KeyParser(Clock()))
    keyboard.enter(Phase.RESETTING)
    assert keyboard.poll() is None
    os.write(writer, b"q")
    assert keyboard.poll() is Command.QUIT
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("key", [b"q", b"\x1b\x1b"])
def test_the_key_that_asks_does_not_answer(pressed: Pressed, key: bytes) -> None:
    pressed.keyboard.enter(Phase.ASKING)
    assert pressed.play([(2.0, key), (5.0, key), (8.0, b"l")]) == [Command.LEAVE]


@pytest.mark.parametrize("phase", [Phase.ASKING, Phase.CONFIRMING])
def test_s_is_for_save_where_that_is_asked(pressed: Pressed, phase: Phase) -> None:
    pressed.keyboard.enter(phase)
    assert pressed.play([(2.0, b"s")]) == [Command.SAVE]


@pytest.mark.parametrize("key", [b"\r", b" ", b"n", b"s", b"f", b"\x1b[C"])
@pytest.mark.parametrize(
    ("after_s", "command"), [(0.4, Command.CONFIRM), (0.9, Command.CONFIRM), (1.5, None)]
)
def test_a_key_asks_about_a_take_of_less_than_a_second(
    pressed: Pressed, key: bytes, after_s: float, command: Command | None
) -> None:
    pressed.keyboard.enter(Phase.RECORDING)
    (told,) = pressed.play([(after_s, key)])
    assert told is (command or dict(KEYS)[key])


def test_a_terminal_that_is_gone_stops_the_session(terminal: tuple[int, Keyboard]) -> None:
    master, keyboard = terminal
    keyboard.enter(Phase.RESETTING)
    assert keyboard.poll() is None
    os.close(master)
    os.dup2(os.open(os.devnull, os.O_RDONLY), master)
    assert keyboard.poll() is Command.STOP


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Signals() as signals:
        assert signal.getsignal(number) is before
        signals.listen()
        assert signals.poll() is None
        os.kill(os.getpid(), number)
        assert signals.poll() is Command.STOP
        assert signals.received is number
    assert signal.getsignal(number) is before


@pytest.mark.parametrize("key", [b" ", b"p"])
def test_where_nothing_is_recorded_one_key_holds_and_goes_on(key: bytes) -> None:
    reader, writer = os.pipe()
    for phase, command in ((Phase.DRIVING, Command.HOLD), (Phase.HOLDING, Command.RESUME)):
        keyboard = Keyboard(reader, KeyParser(Clock()), keys=DRIVING_KEYS)
        keyboard.enter(phase)
        os.write(writer, key)
        assert keyboard.poll() is command
    os.write(writer, b"nrdl")
    assert keyboard.poll() is None


def test_a_rollout_tells_how_to_take_over_while_a_policy_drives() -> None:
    keys = [key for key, _ in hints(Phase.RECORDING, has_saved=False, rollout=True)]
    assert keys[:3] == ["t", "g", "h"]
    assert all(ROLLOUT_KEYS[key] for key in keys[:3])
    assert hints(Phase.RESETTING, False, taught=True)[0] == ("t", "teach")
    assert hints(Phase.RECORDING, False, taught=True) == hints(Phase.RECORDING, False)
    assert hints(Phase.RESETTING, False, rollout=True) == hints(Phase.RESETTING, False)
