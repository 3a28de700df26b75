"""A pedal's keys, out of a pipe that gives what the system's input device gives."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.recording.session import Command, Phase
from lerecord.ui.terminal import Pedal, PedalDevice, opened_pedal

KEY_B, KEY_R, GAMEPAD_A, GAMEPAD_B, GAMEPAD_X = 48, 19, 0x130, 0x131, 0x133
UP, DOWN, REPEAT = 0, 1, 2


class Foot:
    """Somebody at a pedal; time goes on only as it is said."""

    def __init__(self) -> None:
        reading, self.writing = os.pipe2(os.O_NONBLOCK)
        self.seconds = 100.0
        self.told: list[str] = []
        self.device = PedalDevice(Path("/dev/input/pedal"), reading)
        self.pedal = Pedal(self.device, self.told.append, lambda: self.seconds)

    def event(self, code: int, value: int = DOWN, kind: int = 1) -> bytes:
        micros = round(self.seconds % 1 * 1e6)
        return struct.pack("llHHi", int(self.seconds), micros, kind, code, value)

    def press(self, code: int = KEY_B, value: int = DOWN) -> None:
        os.write(self.writing, self.event(code, value))

    def asked(self) -> list[Command]:
        return list(iter(self.pedal.poll, None))


@pytest.fixture
def foot() -> Iterator[Foot]:
    foot = Foot()
    foot.pedal.enter(Phase.RESETTING)
    yield foot
    os.close(foot.device.descriptor)


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (KEY_B, [Command.GO]),
        (KEY_R, [Command.REDO]),
        (GAMEPAD_A, [Command.GO]),
        (GAMEPAD_B, [Command.REDO]),
        (GAMEPAD_X, []),
    ],
)
def test_one_key_is_enter_and_another_one_redo(foot: Foot, code: int, asked: list[Command]) -> None:
    foot.press(code)
    assert foot.asked() == asked


def test_only_what_goes_down_counts_and_a_bounce_does_not(foot: Foot) -> None:
    foot.press()
    for value in (REPEAT, REPEAT, UP):
        foot.seconds += 1
        foot.press(value=value)
    os.write(foot.writing, foot.event(KEY_B, kind=0) + foot.event(KEY_B, kind=3))
    foot.seconds += 1
    foot.press()
    foot.seconds += 0.1
    foot.press()
    assert foot.asked() == [Command.GO, Command.GO]


def test_an_event_may_come_in_pieces(foot: Foot) -> None:
    event = foot.event(KEY_R)
    os.write(foot.writing, event[:10])
    assert foot.asked() == []
    os.write(foot.writing, event[10:])
    assert foot.asked() == [Command.REDO]


def test_what_was_pressed_for_another_phase_is_forgotten(foot: Foot) -> None:
    late = Foot()
    late.press()
    late.pedal.enter(Phase.RESETTING)
    assert late.asked() == []
    foot.press(KEY_B)
    foot.press(KEY_R)
    assert foot.pedal.poll() is Command.GO
    foot.pedal.enter(Phase.RECORDING)
    assert foot.asked() == []


def test_a_take_that_has_just_begun_is_not_saved_unasked(foot: Foot) -> None:
    foot.pedal.enter(Phase.RECORDING)
    foot.press()
    assert foot.asked() == [Command.CONFIRM]
    foot.seconds += 2
    foot.press()
    assert foot.asked() == [Command.GO]


def test_an_unplugged_pedal_is_told_once_and_asks_for_nothing(foot: Foot) -> None:
    os.close(foot.writing)
    assert [foot.pedal.poll() for _ in range(3)] == [None] * 3
    assert len(foot.told) == 1
    assert "/dev/input/pedal is unplugged; the session goes on" in foot.told[0]


def test_what_is_no_pedal_is_refused_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        refused = pytest.raises(ConfigError, match=f"{name} cannot be used .*--pedal")
        with refused, opened_pedal(tmp_path / name):
            pass
    with opened_pedal(None) as pedal:
        assert pedal is None
