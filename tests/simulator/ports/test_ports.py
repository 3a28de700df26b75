import os
import select
import termios
import time
from pathlib import Path

import pytest
from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, PortHandler, Protocol2PacketHandler

from lerecord.errors import DeviceError
from lerecord.motors import Motor, WaitingPort, check_servos
from lerecord.motors.dynamixel import XL330_M288, DynamixelBus
from lerecord.motors.retry import ONCE
from lerecord.motors.serial_port import PORT_FAILURES
from lerecord.simulator.dynamixel import Bus, Servo
from lerecord.simulator.dynamixel.packets import encode
from lerecord.simulator.ports import Ports
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import koch

PING = 0x01


class Echo:
    """Gives back what it gets, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        self.times.append(now)
        return data


def bus() -> Bus:
    return Bus([Servo(XL330_M288, servo_id, 100 * servo_id) for servo_id in (1, 2)])


def terminal_at(path: str, speed: int) -> int:
    """A descriptor of the terminal, at that speed."""
    client = os.open(path, os.O_RDWR | os.O_NOCTTY)
    settings = termios.tcgetattr(client)
    settings[4:6] = [speed, speed]
    termios.tcsetattr(client, termios.TCSANOW, settings)
    return client


def test_bytes_take_their_time_on_the_wire() -> None:
    port = LockStepPort(Echo(), baudrate=1_000_000)
    assert port.writePort(bytes(50)) == 50
    assert port.now() == pytest.approx(2 * 50 * 10 / 1e6)
    assert port.getBytesAvailable() == 50
    assert port.readPort(20) == bytes(20)
    assert port.getBytesAvailable() == 30


def test_waiting_for_nothing_ends_at_the_deadline() -> None:
    port = LockStepPort(Echo())
    port.setPacketTimeoutMillis(20.0)
    assert port.isPacketTimeout()
    assert 0.020 < port.now() < 0.022
    port.arrive(b"late")
    port.setPacketTimeout(4)
    assert not port.isPacketTimeout()


def test_clear_forgets_what_came_late() -> None:
    port = LockStepPort(Echo())
    port.arrive(b"late")
    port.clearPort()
    assert port.readPort(10) == b""


def test_each_reply_meets_the_next_tampering_once() -> None:
    port = LockStepPort(Echo())
    port.tampering += [lambda reply: b"", lambda reply: reply[:1]]
    for _ in range(3):
        port.writePort(b"ab")
    assert port.readPort(10) == b"a" + b"ab"


def test_servos_move_while_virtual_time_passes() -> None:
    servos = koch.follower().servos
    port, sdk = LockStepPort(Bus(servos)), Protocol2PacketHandler()
    assert sdk.write1ByteTxRx(port, 1, 64, 1) == (COMM_SUCCESS, 0)
    assert sdk.write4ByteTxRx(port, 1, 116, 2500) == (COMM_SUCCESS, 0)
    port.sleep(2.0)
    assert sdk.read4ByteTxRx(port, 1, 132) == (2500, COMM_SUCCESS, 0)


class PatientPort(PortHandler):  # type: ignore[misc]  # the SDK has no types
    """The vendor's port, for a machine on which an answer may take longer than on a quiet one."""

    def isPacketTimeout(self) -> bool:  # noqa: N802 - the vendor's name
        return bool(self.getTimeSinceStart() > 5000.0)


def test_a_real_terminal_answers_the_vendors_client() -> None:
    with Ports(lambda: 0.0) as ports:
        pass  # an empty set of ports starts and ends
    ports = Ports(lambda: 0.0)
    path = ports.add_terminal(bus())
    with ports:
        assert Path(path).is_char_device()
        sdk = Protocol2PacketHandler()
        for _ in range(3):  # clients come and go
            port = PatientPort(path)
            assert port.openPort()
            group = GroupSyncRead(port, sdk, 132, 4)
            assert group.addParam(2)
            assert group.addParam(1)
            assert group.txRxPacket() == COMM_SUCCESS
            assert [group.getData(servo_id, 132, 4) for servo_id in (1, 2)] == [100, 200]
            port.closePort()


def test_a_group_of_replies_leaves_in_one_write() -> None:
    ports = Ports(lambda: 0.0)
    path = ports.add_terminal(bus())
    with ports:
        client = terminal_at(path, termios.B1000000)
        try:
            for _ in range(50):
                os.write(client, encode(0xFE, 0x82, bytes([132, 0, 4, 0, 1, 2])))
                select.select([client], [], [], 5.0)
                assert len(os.read(client, 1000)) == 2 * 15
        finally:
            os.close(client)


def test_ports_do_not_mix() -> None:
    ports = Ports(lambda: 0.0)
    first, second = (ports.add_terminal(Bus([Servo(XL330_M288, i)])) for i in (1, 2))
    with ports:
        for path, servo_id in ((first, 1), (second, 2)):
            client = terminal_at(path, termios.B1000000)
            os.write(client, encode(0xFE, PING))
            select.select([client], [], [], 5.0)
            assert os.read(client, 100)[4] == servo_id
            os.close(client)


def test_a_servo_is_mute_at_every_rate_but_its_own() -> None:
    ports = Ports(lambda: 0.0)
    path = ports.add_terminal(Bus([Servo(XL330_M288, 1, baud=1), Servo(XL330_M288, 2, baud=3)]))
    sdk, answers = Protocol2PacketHandler(), {}
    with ports:
        port = PortHandler(path)
        for rate in (9600, 57600, 115200, 1_000_000, 2_000_000, 3_000_000, 4_000_000):
            assert port.setBaudRate(rate)
            # The SDK waits for 50 ms, in which a busy machine may do something else.
            found = [
                servo_id
                for servo_id in (1, 2)
                if any(sdk.ping(port, servo_id)[1] == COMM_SUCCESS for _ in range(5))
            ]
            if found:
                answers[rate] = found
        patient = PatientPort(path)
        assert patient.setBaudRate(57600)
        assert sdk.write1ByteTxRx(patient, 1, 8, 3) == (COMM_SUCCESS, 0)  # at the old rate
        port.setBaudRate(57600)
        assert sdk.ping(port, 1)[1] != COMM_SUCCESS
        patient.setBaudRate(1_000_000)
        assert sdk.ping(patient, 1) == (1200, COMM_SUCCESS, 0)
        for each in (port, patient):
            each.closePort()
    assert answers == {57600: [1], 1_000_000: [2]}


def test_the_recorders_port_says_that_nobody_answers_at_the_wrong_rate() -> None:
    ports = Ports(lambda: 0.0)
    path = ports.add_terminal(Bus(koch.follower().servos))
    motors = tuple(Motor(f"servo_{s.id}", s.id, s.model) for s in koch.follower().servos)
    with ports:
        bus = DynamixelBus(WaitingPort(path, 57600), motors)
        bus.open()
        with pytest.raises(DeviceError, match=f"answers on {path}: .* port and baud"):
            check_servos(bus, "main follower", ONCE)
        bus.close()


def test_a_socket_is_served_at_the_time_of_the_request() -> None:
    echo, times = Echo(), iter((1.5, 2.5))
    ports = Ports(lambda: next(times))
    with ports.add_socket(echo) as client, ports:
        for message in (b"one", b"two"):
            client.sendall(message)
            assert client.recv(10) == message
    assert echo.times == [1.5, 2.5]


def test_a_client_that_hangs_up_disturbs_nobody() -> None:
    ports = Ports(lambda: 0.0)
    gone, stays = ports.add_socket(Echo()), ports.add_socket(Echo())
    with stays, ports:
        gone.close()
        stays.sendall(b"still here")
        assert stays.recv(20) == b"still here"
        before = time.process_time()
        time.sleep(0.3)
        assert time.process_time() - before < 0.15  # nothing spins


class Plug:
    """A cable that a test pulls, with replies that come late."""

    def __init__(self) -> None:
        self.is_in = True
        self.under_way = b""

    def late(self, now: float) -> bytes:
        arrived, self.under_way = self.under_way, b""
        return arrived

    def plugged(self, now: float) -> bool:
        return self.is_in

    def wait_s(self, now: float) -> float | None:
        return None


def read_on(port: WaitingPort) -> None:
    """For ever: the name of a port is gone a moment before the adapter is."""
    while True:
        port.setPacketTimeoutMillis(1.0)
        port.readPort(1)


def test_an_unplugged_port_is_lost_and_is_back_under_its_name() -> None:
    plug, ports = Plug(), Ports(lambda: 0.0)
    path = Path(ports.add_terminal(Echo(), "arm", plug))
    assert path.name == "arm"
    with ports:
        lost = WaitingPort(str(path))
        lost.openPort()
        plug.is_in = False
        ports.wake()
        while path.exists():
            time.sleep(0.001)
        with pytest.raises(PORT_FAILURES):
            read_on(lost)
        with pytest.raises(PORT_FAILURES):
            lost.writePort([1])
        lost.closePort()
        with pytest.raises(DeviceError, match=f"There is no port {path}: plug the arm in"):
            WaitingPort(str(path)).openPort()
        plug.is_in = True
        ports.wake()
        while not path.exists():
            time.sleep(0.001)
        back = WaitingPort(str(path))
        back.openPort()
        back.writePort([1, 2])
        back.setPacketTimeoutMillis(5000.0)
        assert back.readPort(2) == b"\1\2"
        back.closePort()
    assert not path.parent.exists()


def test_what_was_late_is_sent_when_it_is_due() -> None:
    plug, ports = Plug(), Ports(lambda: 0.0)
    path = ports.add_terminal(Echo(), "arm", plug)
    with ports:
        port = WaitingPort(path)
        port.openPort()
        plug.under_way = b"late"
        ports.wake()
        port.setPacketTimeoutMillis(5000.0)
        assert port.readPort(4) == b"late"
        port.closePort()


def descriptors() -> set[str]:
    return {entry.name for entry in Path("/dev/fd").iterdir()}


def test_every_descriptor_is_closed_at_the_end() -> None:
    before = descriptors()
    ports = Ports(lambda: 0.0)
    ports.add_terminal(Echo())
    client = ports.add_socket(Echo())
    with ports:
        assert len(descriptors()) > len(before)
    client.close()
    assert descriptors() == before
