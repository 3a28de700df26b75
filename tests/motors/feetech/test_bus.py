from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors import BusCounters, Motor, Retry
from lerecord.motors.errors import CorruptReplyError, NoReplyError
from lerecord.motors.feetech import STS3215, FeetechBus
from lerecord.motors.retry import ONCE
from lerecord.simulator.feetech import Bus, Servo
from tests.motors.conftest import SlowPort

NAMES = ("lift", "elbow", "wrist")
MOTORS = tuple(Motor(name, at, STS3215) for at, name in enumerate(NAMES, 2))
PATIENT = Retry(attempts=3, budget_s=10.0)


class Bench:
    """Three simulated servos on a lock-step port, and the bus under test."""

    def __init__(self, **options: Any) -> None:
        self.servos = {motor.name: Servo(motor.model, motor.id) for motor in MOTORS}
        self.wire = Bus(list(self.servos.values()), **options)
        self.port = SlowPort(self.wire)
        self.bus = FeetechBus(self.port, MOTORS, now=self.port.now)
        self.bus.open()


@pytest.fixture(params=[False, True], ids=["quiet adapter", "echoing adapter"])
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(echoes=request.param)


def test_position_velocity_and_current_come_in_one_transaction(bench: Bench) -> None:
    for servo in bench.servos.values():
        servo.world.low = 1900.0
    bench.bus.sync_write("Goal_Position", {"lift": 3000, "elbow": 1000, "wrist": 2048})
    for _ in range(40):
        bench.port.sleep(0.005)
        bench.wire.advance(bench.port.clock_s)
    before = bench.port.writes
    present = bench.bus.read_present(NAMES)
    assert bench.port.writes == before + 1
    servos = [bench.servos[name] for name in NAMES]
    assert present.position.tolist() == [servo.position for servo in servos]
    assert present.velocity.tolist() == [servo.value("Present_Velocity") for servo in servos]
    assert present.effort.tolist() == [servo.value("Present_Current") for servo in servos]
    assert present.velocity[0] > 1000
    assert present.effort[1] > 200


@given(st.lists(st.integers(-2047, 2047), min_size=3, max_size=3))
def test_signed_registers_keep_sign_and_order(offsets: list[int]) -> None:
    bench = Bench()
    for name, offset in zip(NAMES, offsets, strict=True):
        bench.bus.write("Homing_Offset", name, offset)
    read = bench.bus.sync_read("Homing_Offset", NAMES[::-1])
    assert read.dtype == np.int64
    assert read.tolist() == offsets[::-1]


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda reply: reply[:-1], lambda reply: reply[:-2] + b"\x01\x02"]
)
def test_a_reply_lost_or_damaged_is_asked_for_again_and_never_believed(
    bench: Bench, damage: Callable[[bytes], bytes]
) -> None:
    bench.servos["wrist"].shaft = 77.0
    bench.port.tampering.append(damage)
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [2048, 2048, 77]
    assert bench.bus.counters.retries == 1
    bench.port.tampering.extend([damage] * 3)
    with pytest.raises((NoReplyError, CorruptReplyError)):
        bench.bus.sync_read("Present_Position", NAMES, PATIENT)


@given(st.integers(0, 23), st.integers(1, 255))
def test_no_single_damaged_byte_gives_a_wrong_position(at: int, change: int) -> None:
    bench = Bench()
    for position, servo in zip((1, 2047, 4095), bench.servos.values(), strict=True):
        servo.shaft = float(position)
    bench.port.tampering.append(
        lambda reply: reply[:at] + bytes([reply[at] ^ change]) + reply[at + 1 :]
    )
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [1, 2047, 4095]
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [1, 2047, 4095]


@given(st.booleans(), st.lists(st.floats(0.0, 0.3), min_size=1, max_size=6))
def test_whatever_is_late_positions_are_of_now(echoes: bool, delays: list[float]) -> None:
    bench = Bench(echoes=echoes)
    bench.port.delays.extend(delays)
    for turn in range(3):
        for servo in bench.servos.values():
            servo.shaft = float(turn)
        try:
            read = bench.bus.read_present(NAMES, ONCE)
        except NoReplyError:
            continue
        assert read.position.tolist() == [turn] * 3
    bench.port.delays.clear()
    bench.port.clock_s += 1.0
    assert bench.bus.sync_read("Present_Position", NAMES, PATIENT).tolist() == [2] * 3


def test_a_write_is_acknowledged_and_not_by_its_echo(bench: Bench) -> None:
    bench.bus.write("Torque_Enable", "lift", 1)
    assert bench.servos["lift"].torque
    bench.wire.servos = ()
    with pytest.raises(NoReplyError, match=r"Servo 2 \(lift\) on lockstep"):
        bench.bus.write("Torque_Enable", "lift", 0, ONCE)
    assert bench.bus.counters.timeouts == 1


def test_an_overload_is_counted_and_the_value_is_there(bench: Bench) -> None:
    bench.servos["elbow"].fail("overload")
    assert bench.bus.sync_read("Present_Position", NAMES).tolist() == [2048] * 3
    assert bench.bus.counters == BusCounters(transactions=1, alerts=1)


def test_what_answers_is_found_also_when_it_is_garbled(bench: Bench) -> None:
    assert bench.bus.answering(range(10)) == [2, 3, 4]
    bench.bus.write("ID", "lift", 3)
    bench.servos["lift"].fail("overload")
    assert bench.bus.answering(range(10)) == [3, 4]
