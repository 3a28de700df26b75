from collections.abc import Callable

import pytest
from dynamixel_sdk import (
    COMM_RX_CORRUPT,
    COMM_RX_TIMEOUT,
    COMM_SUCCESS,
    GroupBulkRead,
    GroupBulkWrite,
    GroupSyncRead,
    GroupSyncWrite,
    Protocol2PacketHandler,
)

from lerecord.motors.dynamixel import XL330_M288, XL430_W250
from lerecord.simulator.dynamixel import Bus, HardwareError, Servo
from lerecord.simulator.dynamixel import instructions as dynamixel
from lerecord.simulator.dynamixel.packets import BROADCAST, STATUS, Parser, encode
from lerecord.simulator.ports.ports import LockStepPort

OK = (COMM_SUCCESS, 0)
TORQUE, GOAL, POSITION, LED, LEVEL, MODE = 64, 116, 132, 65, 68, 11


class Bench:
    """Three servos and the vendor's own packet handler."""

    def __init__(self) -> None:
        self.servos = [Servo(XL430_W250, 1, 100), Servo(XL330_M288, 2, 200)]
        self.servos.append(Servo(XL330_M288, 7, 300))
        self.bus = Bus(self.servos)
        self.port = LockStepPort(self.bus)
        self.port.openPort()
        self.sdk = Protocol2PacketHandler()

    def send(self, servo_id: int, instruction: int, parameters: bytes = b"") -> bytes:
        return self.bus.feed(encode(servo_id, instruction, parameters), 0.0)

    def errors(self, reply: bytes) -> list[tuple[int, int]]:
        """ID and error byte of each status packet."""
        return [(packet.id, packet.parameters[0]) for packet in Parser().feed(reply)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def group_read(bench: Bench, *ids: int) -> GroupSyncRead:
    group = GroupSyncRead(bench.port, bench.sdk, POSITION, 4)
    for servo_id in ids:
        assert group.addParam(servo_id)
    return group


def positions(group: GroupSyncRead, *ids: int) -> list[int]:
    return [group.getData(servo_id, POSITION, 4) for servo_id in ids]


def test_ping_tells_the_model(bench: Bench) -> None:
    assert bench.sdk.ping(bench.port, 1) == (1060, COMM_SUCCESS, 0)
    assert bench.sdk.ping(bench.port, 7) == (1200, COMM_SUCCESS, 0)


def test_nobody_answers_for_a_missing_servo(bench: Bench) -> None:
    assert bench.sdk.ping(bench.port, 3)[1] == COMM_RX_TIMEOUT


def test_broadcast_ping_finds_all(bench: Bench) -> None:
    found, result = bench.sdk.broadcastPing(bench.port)
    assert result == COMM_SUCCESS
    assert found == {1: [1060, 52], 2: [1200, 52], 7: [1200, 52]}


def test_write_and_read(bench: Bench) -> None:
    assert bench.sdk.write1ByteTxRx(bench.port, 2, LED, 1) == OK
    assert bench.sdk.read1ByteTxRx(bench.port, 2, LED) == (1, *OK)
    assert bench.sdk.read4ByteTxRx(bench.port, 7, POSITION) == (300, *OK)


def test_sync_read_answers_in_the_order_asked(bench: Bench) -> None:
    group = group_read(bench, 7, 1, 2)
    assert group.txRxPacket() == COMM_SUCCESS
    assert positions(group, 7, 1, 2) == [300, 100, 200]
    reply = bench.send(BROADCAST, dynamixel.SYNC_READ, bytes([132, 0, 4, 0, 7, 1, 2]))
    assert bench.errors(reply) == [(7, 0), (1, 0), (2, 0)]


def test_a_missing_servo_silences_those_after_it(bench: Bench) -> None:
    reply = bench.send(BROADCAST, dynamixel.SYNC_READ, bytes([132, 0, 4, 0, 1, 5, 2]))
    assert bench.errors(reply) == [(1, 0)]
    assert group_read(bench, 1, 5, 2).txRxPacket() == COMM_RX_TIMEOUT


def test_sync_write_reaches_each_and_is_not_answered(bench: Bench) -> None:
    for servo_id in (1, 2):
        assert bench.sdk.write1ByteTxRx(bench.port, servo_id, MODE, 4) == OK
        assert bench.sdk.write1ByteTxRx(bench.port, servo_id, TORQUE, 1) == OK
    group = GroupSyncWrite(bench.port, bench.sdk, GOAL, 4)
    assert group.addParam(1, (1500).to_bytes(4, "little"))
    assert group.addParam(2, (-50).to_bytes(4, "little", signed=True))
    assert group.txPacket() == COMM_SUCCESS
    assert bench.port.getBytesAvailable() == 0
    bench.port.sleep(10.0)
    read = group_read(bench, 1, 2)
    assert read.txRxPacket() == COMM_SUCCESS
    assert positions(read, 1, 2) == [1500, 2**32 - 50]


def test_a_refused_part_of_a_group_write_does_not_hurt_the_others(bench: Bench) -> None:
    bench.send(BROADCAST, dynamixel.SYNC_WRITE, bytes([LED, 0, 1, 0, 1, 9, 2, 1]))
    assert [servo.value("LED") for servo in bench.servos] == [0, 1, 0]


@pytest.mark.parametrize("fast", [False, True])
def test_bulk_read_takes_another_place_of_each(bench: Bench, fast: bool) -> None:
    group = GroupBulkRead(bench.port, bench.sdk)
    assert group.addParam(7, POSITION, 4)
    assert group.addParam(1, 144, 2)
    assert (group.fastBulkRead() if fast else group.txRxPacket()) == COMM_SUCCESS
    assert group.getData(7, POSITION, 4) == 300
    assert group.getData(1, 144, 2) == bench.servos[0].value("Present_Input_Voltage")


def test_bulk_write(bench: Bench) -> None:
    group = GroupBulkWrite(bench.port, bench.sdk)
    assert group.addParam(1, LED, 1, [1])
    assert group.addParam(7, 84, 2, [0xDC, 0x05])
    assert group.txPacket() == COMM_SUCCESS
    assert bench.servos[0].value("LED") == 1
    assert bench.servos[2].value("Position_P_Gain") == 1500


def test_fast_sync_read(bench: Bench) -> None:
    group = group_read(bench, 2, 7, 1)
    assert group.fastSyncRead() == COMM_SUCCESS
    assert positions(group, 2, 7, 1) == [200, 300, 100]


def test_fast_sync_read_is_the_one_of_the_manual() -> None:
    servos = [Servo(XL330_M288, servo_id, at) for servo_id, at in ((3, 166), (7, 2079), (4, 1023))]
    asked = bytes.fromhex("fffffd00fe0a008a8400040003070420f2")
    answered = bytes.fromhex(
        "fffffd00fe1900550003a600000084080007" + "1f08000016ca" + "0004ff030000d19e"
    )
    assert Bus(servos).feed(asked, 0.0) == answered


def test_fast_sync_read_breaks_off_at_a_missing_servo(bench: Bench) -> None:
    whole = bench.send(BROADCAST, dynamixel.FAST_SYNC_READ, bytes([132, 0, 4, 0, 1, 2]))
    torn = bench.send(BROADCAST, dynamixel.FAST_SYNC_READ, bytes([132, 0, 4, 0, 1, 5]))
    assert torn == whole[: len(whole) - 8]
    assert bench.send(BROADCAST, dynamixel.FAST_SYNC_READ, bytes([132, 0, 4, 0, 5, 1])) == b""
    assert group_read(bench, 1, 5).fastSyncRead() == COMM_RX_CORRUPT


def test_status_packets_are_those_of_the_manual() -> None:
    servo = Servo(XL330_M288, 1, 166)
    bus = Bus([servo])
    read = bus.feed(bytes.fromhex("fffffd0001070002840004001d15"), 0.0)
    assert read == bytes.fromhex("fffffd000108005500a60000008cc0")
    action = bus.feed(encode(1, dynamixel.REG_WRITE, bytes([LED, 0, 1])), 0.0)
    assert action == bytes.fromhex("fffffd000104005500a10c")


def test_reg_write_waits_for_action(bench: Bench) -> None:
    assert bench.sdk.regWriteTxRx(bench.port, 1, LED, 1, [1]) == OK
    assert bench.servos[0].value("LED") == 0
    assert bench.sdk.read1ByteTxRx(bench.port, 1, 69) == (1, *OK)
    assert bench.errors(bench.send(1, dynamixel.ACTION)) == [(1, 0)]
    assert bench.servos[0].value("LED") == 1
    assert bench.sdk.read1ByteTxRx(bench.port, 1, 69) == (0, *OK)
    assert bench.errors(bench.send(1, dynamixel.ACTION)) == [(1, 2)]


def test_action_by_broadcast_moves_all_and_is_not_answered(bench: Bench) -> None:
    for servo_id in (1, 2):
        bench.send(servo_id, dynamixel.REG_WRITE, bytes([LED, 0, 1]))
    assert bench.send(BROADCAST, dynamixel.ACTION) == b""
    assert [servo.value("LED") for servo in bench.servos] == [1, 1, 0]


def test_reboot_answers_then_forgets(bench: Bench) -> None:
    bench.servos[0].fail(HardwareError.OVERLOAD)
    assert bench.sdk.ping(bench.port, 1)[2] == 0x80
    assert bench.sdk.write1ByteTxRx(bench.port, 1, TORQUE, 1) == (COMM_SUCCESS, 0x81)
    assert bench.sdk.reboot(bench.port, 1) == OK
    assert bench.sdk.write1ByteTxRx(bench.port, 1, TORQUE, 1) == OK


def test_any_instruction_on_the_bus_keeps_the_watchdogs_quiet(bench: Bench) -> None:
    assert bench.sdk.write1ByteTxRx(bench.port, 2, TORQUE, 1) == OK
    assert bench.sdk.write1ByteTxRx(bench.port, 2, 98, 5) == OK  # 100 ms
    for _ in range(5):
        bench.port.sleep(0.08)
        assert bench.sdk.ping(bench.port, 1)[1] == COMM_SUCCESS
    assert bench.servos[1].value("Bus_Watchdog") == 5
    bench.port.sleep(0.12)
    assert bench.sdk.read1ByteTxRx(bench.port, 2, 98) == (255, *OK)


def test_the_alert_bit_stands_in_every_status(bench: Bench) -> None:
    bench.servos[1].fail(HardwareError.OVERHEATING)
    reply = bench.send(BROADCAST, dynamixel.SYNC_READ, bytes([132, 0, 4, 0, 1, 2, 7]))
    assert bench.errors(reply) == [(1, 0), (2, 0x80), (7, 0)]


def test_factory_reset(bench: Bench) -> None:
    assert bench.sdk.write1ByteTxRx(bench.port, 2, TORQUE, 1) == OK
    assert bench.errors(bench.send(2, dynamixel.FACTORY_RESET, b"\x02")) == [(2, 1)]
    assert bench.sdk.write1ByteTxRx(bench.port, 2, TORQUE, 0) == OK
    assert bench.sdk.write4ByteTxRx(bench.port, 2, 20, 99) == OK
    assert bench.sdk.factoryReset(bench.port, 2, 0x02) == OK
    assert bench.servos[1].value("Homing_Offset") == 0
    assert bench.servos[1].id == 2


def test_nobody_loses_its_id_by_broadcast(bench: Bench) -> None:
    assert bench.send(BROADCAST, dynamixel.FACTORY_RESET, b"\xff") == b""
    assert [servo.id for servo in bench.servos] == [1, 2, 7]


def test_clear(bench: Bench) -> None:
    assert bench.sdk.write1ByteTxRx(bench.port, 2, MODE, 4) == OK
    bench.servos[1].world.hand = 5000.0
    bench.port.sleep(1.0)
    assert bench.sdk.read4ByteTxRx(bench.port, 2, POSITION) == (5000, *OK)
    bench.port.sleep(1.0)
    assert bench.sdk.clearMultiTurn(bench.port, 2) == OK
    assert bench.sdk.read4ByteTxRx(bench.port, 2, POSITION) == (5000 - 4096, *OK)
    assert bench.errors(bench.send(2, dynamixel.CLEAR, b"\x01\x00\x00\x00\x00")) == [(2, 4)]


@pytest.mark.parametrize(
    ("level", "answers"),
    [(2, ["ping", "read", "write"]), (1, ["ping", "read"]), (0, ["ping"])],
)
def test_status_return_level(bench: Bench, level: int, answers: list[str]) -> None:
    bench.send(1, dynamixel.WRITE, bytes([LEVEL, 0, level]))
    sent = {
        "ping": bench.send(1, dynamixel.PING),
        "read": bench.send(1, dynamixel.READ, bytes([POSITION, 0, 4, 0])),
        "write": bench.send(1, dynamixel.WRITE, bytes([LED, 0, 1])),
    }
    assert [name for name, reply in sent.items() if reply] == answers
    group = bench.send(BROADCAST, dynamixel.SYNC_READ, bytes([132, 0, 4, 0, 1]))
    assert bool(group) == ("read" in answers)


@pytest.mark.parametrize(
    ("instruction", "parameters", "number"),
    [
        (0x77, b"", 2),  # undefined
        (dynamixel.WRITE, bytes([TORQUE, 0, 2]), 4),
        (dynamixel.WRITE, bytes([GOAL, 0, 1, 2]), 5),
        (dynamixel.WRITE, bytes([GOAL, 0, 0x00, 0x20, 0, 0]), 6),
        (dynamixel.WRITE, bytes([POSITION, 0, 0, 0, 0, 0]), 7),
        (dynamixel.READ, bytes([0xE0, 0x01, 1, 0]), 7),
        (dynamixel.READ, bytes([POSITION, 0]), 5),
        (dynamixel.REG_WRITE, bytes([TORQUE, 0, 2]), 4),
    ],
)
def test_error_numbers(bench: Bench, instruction: int, parameters: bytes, number: int) -> None:
    assert bench.errors(bench.send(1, instruction, parameters)) == [(1, number)]


def test_a_wrong_crc_is_told(bench: Bench) -> None:
    whole = bytearray(encode(1, dynamixel.WRITE, bytes([LED, 0, 1])))
    whole[-1] ^= 0xFF
    assert bench.errors(bench.bus.feed(bytes(whole), 0.0)) == [(1, 3)]
    assert bench.servos[0].value("LED") == 0


def test_a_status_packet_of_somebody_else_is_ignored(bench: Bench) -> None:
    assert bench.bus.feed(encode(1, STATUS, bytes(5)), 0.0) == b""


def lost(reply: bytes) -> bytes:
    return b""


def cut(reply: bytes) -> bytes:
    return reply[:-3]


def flipped(reply: bytes) -> bytes:
    return reply[:-1] + bytes([reply[-1] ^ 1])


@pytest.mark.parametrize(
    ("tamper", "result"),
    [(lost, COMM_RX_TIMEOUT), (cut, COMM_RX_CORRUPT), (flipped, COMM_RX_CORRUPT)],
)
def test_a_disturbed_reply_fails_once_and_the_next_is_fine(
    bench: Bench, tamper: Callable[[bytes], bytes], result: int
) -> None:
    bench.port.tampering.append(tamper)
    assert bench.sdk.read4ByteTxRx(bench.port, 7, POSITION)[1] == result
    assert bench.sdk.read4ByteTxRx(bench.port, 7, POSITION) == (300, *OK)
