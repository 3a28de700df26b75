import contextlib
import errno
import os
import pty
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import serial

from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import Motor, PortLostError, Retry, WaitingPort
from lerecord.motors.dynamixel import XL330_M288, DynamixelBus
from lerecord.motors.serial_port import GRACE_S, LATENCY_TIMER_S, PORT_FAILURES


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Line:
    """A pseudo-terminal: the far end as a file descriptor, the near end as the port under test."""

    far: int
    device: str
    port: WaitingPort
    clock: Clock

    def send(self, data: bytes) -> None:
        """Returns when the bytes are at the near end, which a pseudo-terminal does in its time."""
        expected = self.port.ser.in_waiting + len(data)
        os.write(self.far, data)
        while self.port.ser.in_waiting < expected:
            time.sleep(0.0005)


@pytest.fixture
def line() -> Iterator[Line]:
    far, near = pty.openpty()
    device = os.ttyname(near)
    clock = Clock()
    port = WaitingPort(device, now=clock)
    port.openPort()
    yield Line(far, device, port, clock)
    port.closePort()
    for end in (near, far):
        with contextlib.suppress(OSError):
            os.close(end)


def test_bytes_are_handed_out_in_the_pieces_that_are_asked_for(line: Line) -> None:
    line.port.setPacketTimeoutMillis(5_000)
    line.send(b"abcdefgh")
    assert line.port.readPort(3) == b"abc"
    assert line.port.readPort(0) == b""
    assert line.port.readPort(-2) == b""
    assert line.port.getBytesAvailable() == 5
    assert line.port.readPort(5) == b"defgh"
    assert line.port.getBytesAvailable() == 0


def test_reading_waits_for_bytes_that_come_later(line: Line) -> None:
    line.port.setPacketTimeoutMillis(60_000)
    later = threading.Timer(0.05, os.write, [line.far, b"late"])
    later.start()
    assert line.port.readPort(4) == b"late"
    later.join()


def test_at_the_time_out_what_came_is_returned(line: Line) -> None:
    line.port.setPacketTimeoutMillis(20)
    line.send(b"ab")
    assert line.port.readPort(4) == b"ab"


def test_after_the_time_out_the_port_is_looked_at_once_more(line: Line) -> None:
    line.port.setPacketTimeoutMillis(10)
    line.send(b"here")
    line.clock.now_s += 1.0  # this process did not run in time
    assert line.port.readPort(2) == b"he"
    line.send(b"more")
    assert line.port.readPort(4) == b"re"
    assert line.port.isPacketTimeout()
    line.port.setPacketTimeoutMillis(10)
    line.clock.now_s += 1.0
    assert line.port.readPort(4) == b"more"


def test_a_time_out_is_the_time_on_the_wire_and_the_grace(line: Line) -> None:
    line.port.grace_s = 0.004
    line.port.writePort([0] * 20)
    line.port.setPacketTimeout(80)  # 100 bytes at 1 Mbaud are 1 ms
    line.clock.now_s += 0.00499
    assert not line.port.isPacketTimeout()
    line.clock.now_s += 0.00002
    assert line.port.isPacketTimeout()


def test_clearing_forgets_what_was_read_ahead_and_what_the_kernel_holds(line: Line) -> None:
    line.port.setPacketTimeoutMillis(5_000)
    line.send(b"abc")
    assert line.port.readPort(1) == b"a"
    line.send(b"def")
    assert line.port.getBytesAvailable() == 5
    line.port.clearPort()
    assert line.port.getBytesAvailable() == 0


def test_without_low_latency_mode_the_grace_covers_the_latency_timer(line: Line) -> None:
    assert line.port.grace_s == pytest.approx(LATENCY_TIMER_S + GRACE_S)


def test_with_low_latency_mode_the_grace_stays_short(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(
        serial.Serial, "set_low_latency_mode", lambda _, mode: asked.append(mode), raising=False
    )
    line.port.closePort()
    port = WaitingPort(line.device, grace_s=0.003)
    port.openPort()
    port.closePort()
    assert asked == [True]
    assert port.grace_s == 0.003


def test_a_process_that_stood_still_while_it_wrote_has_not_lost_the_port(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def late(descriptor: int, data: bytes) -> int:
        time.sleep(0.25)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", late)
    assert line.port.writePort([1, 2, 3]) == 3
    monkeypatch.undo()
    assert os.read(line.far, 10) == b"\x01\x02\x03"


def test_a_port_that_takes_nothing_is_lost(line: Line) -> None:
    more_than_the_kernel_keeps = bytes(1 << 20)
    with pytest.raises(OSError, match="takes no bytes"):
        line.port.writePort(more_than_the_kernel_keeps)


def test_when_the_far_end_goes_the_port_fails_and_closes(line: Line) -> None:
    os.close(line.far)
    line.port.setPacketTimeoutMillis(1_000)
    with pytest.raises(PORT_FAILURES):
        line.port.readPort(1)
    line.port.closePort()
    line.port.closePort()
    assert not line.port.is_open


def test_a_device_that_is_ready_and_gives_nothing_is_gone(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    line.port.setPacketTimeoutMillis(1_000)
    line.send(b"x")
    monkeypatch.setattr(os, "read", lambda *_: b"")
    with pytest.raises(serial.SerialException):
        line.port.readPort(1)


def test_a_port_is_held_by_one_program(line: Line) -> None:
    with pytest.raises(DeviceError, match=f"{line.device} is in use"):
        WaitingPort(line.device).openPort()


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="no port /dev/nowhere: plug the arm in"):
        WaitingPort("/dev/nowhere").openPort()


@pytest.mark.parametrize("baud", [12_345, 999_999, 0])
def test_a_baud_that_nobody_has(line: Line, baud: int) -> None:
    with pytest.raises(ConfigError, match=f"at {baud} baud: correct baud"):
        WaitingPort(line.device, baud).openPort()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (serial.SerialException(errno.EACCES, "Permission denied"), "usermod -aG dialout"),
        (serial.SerialException(errno.EBUSY, "busy"), "in use"),
        (serial.SerialException(errno.EIO, "broken"), "cannot be opened .*broken"),
        (ValueError("no such baud"), "baud"),
    ],
)
def test_every_way_not_to_open_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises((DeviceError, ConfigError), match=words):
        WaitingPort("/dev/ttyX").openPort()


def test_a_bus_over_a_pseudo_terminal(bench: Any, line: Line) -> None:
    """The whole way: the SDK, the kernel's terminal and the simulated servos on the far end."""

    def serve() -> None:
        while True:
            try:
                request = os.read(line.far, 4096)
            except OSError:
                return
            if b"\xff\xff\xfd\x00\x09" in request:  # the servo with ID 9 hangs up
                os.close(line.far)
                return
            os.write(line.far, bench.wire.feed(request, 0.0))

    server = threading.Thread(target=serve)
    server.start()
    line.port.closePort()
    port = WaitingPort(line.device)
    patient = Retry(attempts=50, budget_s=30.0)
    bus = DynamixelBus(port, [*bench.bus.motors, Motor("hangs_up", 9, XL330_M288)])
    bus.open()
    for name in ("lift", "elbow", "wrist"):
        bus.write("Operating_Mode", name, 4, patient)
    for goal in range(-20, 20):
        bus.sync_write("Goal_Position", {"lift": goal, "elbow": -goal, "wrist": 4096 * goal})
        read = bus.sync_read("Goal_Position", ("wrist", "elbow", "lift"), patient)
        assert read.tolist() == [4096 * goal, -goal, goal]
    assert bus.counters.transactions == 83
    with pytest.raises(PortLostError, match=f"{line.device} was lost"):
        bus.ping("hangs_up", patient)
    server.join()
    assert not bus.is_open
