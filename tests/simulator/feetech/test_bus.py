from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors.feetech import STS3215
from lerecord.simulator.feetech import Bus, Servo
from lerecord.simulator.feetech.packets import Parser, status

PING, READ, WRITE, REG_WRITE, ACTION, RESET, SYNC_READ, SYNC_WRITE = 1, 2, 3, 4, 5, 6, 0x82, 0x83
ALL = 0xFE


def request(servo_id: int, instruction: int, *parameters: int) -> bytes:
    return status(servo_id, instruction, bytes(parameters))


class Bench:
    def __init__(self, **options: Any) -> None:
        self.servos = [Servo(STS3215, *each) for each in ((1, 100.0), (2, 200.0), (7, 300.0))]
        self.bus = Bus(self.servos, **options)

    def ask(self, servo_id: int, instruction: int, *parameters: int) -> bytes:
        return self.bus.feed(request(servo_id, instruction, *parameters), 0.0)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_packets_of_the_makers_manual(bench: Bench) -> None:
    assert request(1, WRITE, 0x37, 0).hex() == "ffff0104033700c0"
    assert bench.bus.feed(bytes.fromhex("ffff0104033700c0"), 0.0).hex() == "ffff010200fc"
    assert bench.servos[0].value("Lock") == 0


def test_each_answers_what_it_is_asked(bench: Bench) -> None:
    assert bench.ask(2, PING) == status(2, 0)
    assert bench.ask(2, READ, 56, 2) == status(2, 0, b"\xc8\x00")
    assert bench.ask(2, READ, 200, 2) == status(2, 0, b"\x00\x00")
    assert bench.ask(9, PING) == b""
    assert bench.ask(2, 0x55) == b""


def test_only_a_ping_is_answered_by_all(bench: Bench) -> None:
    assert bench.ask(ALL, PING) == status(1, 0) + status(2, 0) + status(7, 0)
    assert bench.ask(ALL, WRITE, 40, 1) == b""
    assert all(servo.torque for servo in bench.servos)
    assert bench.ask(ALL, READ, 56, 2) == b""


def test_a_sync_read_is_answered_in_the_order_asked(bench: Bench) -> None:
    assert bench.ask(ALL, SYNC_READ, 5, 1, 7, 1) == status(7, 0, b"\x07") + status(1, 0, b"\x01")
    assert bench.ask(ALL, SYNC_READ, 5, 1, 7, 9, 1) == status(7, 0, b"\x07")


def test_a_sync_write_gives_each_its_own_and_is_not_answered(bench: Bench) -> None:
    assert bench.ask(ALL, SYNC_WRITE, 42, 2, 1, 10, 0, 7, 44, 1) == b""
    assert [servo.value("Goal_Position") for servo in bench.servos] == [10, 0, 300]
    assert [servo.torque for servo in bench.servos] == [True, False, True]


def test_what_was_registered_is_done_by_the_action(bench: Bench) -> None:
    assert bench.ask(1, REG_WRITE, 42, 10, 0) == status(1, 0)
    assert not bench.servos[0].torque
    assert bench.servos[0].value("Async_Write_Flag") == 1
    bench.ask(ALL, ACTION)
    assert bench.servos[0].value("Goal_Position") == 10
    assert bench.servos[0].torque


def test_with_response_level_0_only_reads_are_answered(bench: Bench) -> None:
    assert bench.ask(1, WRITE, 8, 0) == status(1, 0)
    assert bench.ask(1, WRITE, 40, 1) == b""
    assert bench.servos[0].torque
    assert bench.ask(1, READ, 40, 1) == status(1, 0, b"\x01")
    assert bench.ask(ALL, SYNC_READ, 40, 1, 1) == status(1, 0, b"\x01")


def test_the_error_byte_is_the_status(bench: Bench) -> None:
    bench.servos[0].fail("overload")
    assert bench.ask(1, PING) == status(1, 0x20)
    bench.servos[1].fail("voltage")
    assert bench.ask(2, PING) == request(2, PING)  # which looks like an echo


def test_two_of_one_id_are_garbage_and_no_silence(bench: Bench) -> None:
    bench.ask(2, WRITE, 5, 1)
    assert bench.ask(1, PING) == status(1, 0)  # they say the same
    both = bench.ask(1, READ, 56, 2)
    assert len(both) == 8
    assert list(Parser().feed(both)) == []


def test_at_another_rate_nothing_is_heard(bench: Bench) -> None:
    bench.ask(2, WRITE, 6, 4)
    assert bench.bus.feed(request(2, PING), 0.0, 1_000_000) == b""
    assert bench.bus.feed(request(2, PING), 0.0, 115_200) == status(2, 0)
    assert bench.bus.feed(request(1, PING), 0.0, 1_000_000) == status(1, 0)


def test_each_waits_its_return_delay(bench: Bench) -> None:
    bench.ask(2, WRITE, 7, 0)
    (answer,) = bench.bus.answers(request(ALL, SYNC_READ, 5, 1, 1, 2), 0.0)
    assert [reply.delay_s for reply in answer.replies] == [0.0005, 0.0]


def test_an_adapter_may_echo() -> None:
    bench = Bench(echoes=True)
    assert bench.ask(1, PING) == request(1, PING) + status(1, 0)
    moves = request(ALL, SYNC_WRITE, 42, 2, 1, 10, 0)
    assert bench.bus.feed(moves, 0.0) == moves


@given(st.binary(max_size=6), st.integers(0, 6), st.integers(1, 255))
def test_noise_is_dropped_and_damage_not_answered(noise: bytes, at: int, change: int) -> None:
    bench = Bench()
    whole = request(1, READ, 5, 1)
    damaged = whole[: at + 1] + bytes([whole[at + 1] ^ change]) + whole[at + 2 :]
    assert bench.bus.feed(damaged, 0.0) == b""
    bench = Bench()
    noise = noise.replace(b"\xff", b"\x00")
    halves = (noise + whole)[:5], (noise + whole)[5:]
    assert b"".join(bench.bus.feed(half, 0.0) for half in halves) == status(1, 0, b"\x01")
