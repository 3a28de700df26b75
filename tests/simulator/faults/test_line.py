from functools import partial
from typing import Any

import numpy as np
import pytest

from lerecord.motors import Motor, Retry
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.motors.errors import NoReplyError
from lerecord.motors.feetech import FeetechBus
from lerecord.motors.retry import ONCE
from lerecord.simulator.dynamixel import PING, SYNC_READ, WRITE, Bus, Servo
from lerecord.simulator.dynamixel.packets import Parser, encode
from lerecord.simulator.faults import Faults, Line, Rules, parse
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import JOINTS, RIGS, koch
from tests.simulator.conftest import write

BUSES: dict[str, Any] = {"koch": DynamixelBus, "so101": FeetechBus}
PATIENT = Retry(attempts=20, budget_s=10.0)
READS = 200


def on_wire(fault: str, **more: Any) -> Rules:
    return parse({"wire": [{"arm": "follower", "fault": fault, **more}]})


def prompt_servos() -> tuple[Servo, ...]:
    """Servos of a follower that answer at once."""
    servos = koch.follower().servos
    for servo in servos:
        write(servo, "Return_Delay_Time", 0)
    return servos


class Bench:
    """A follower's servos behind a wire that has faults, and the recorder's bus on it."""

    def __init__(self, faults: Rules, seed: int | None = None, rig: str = "koch") -> None:
        arm = RIGS[rig].follower()
        self.servos = arm.servos
        given = faults if seed is None else faults.model_copy(update={"seed": seed})
        self.faults = Faults(given)
        line = Line("follower", arm.wire, self.faults)
        self.port = LockStepPort(line, cable=line)
        motors = [
            Motor(name, servo.id, servo.model)
            for name, servo in zip(JOINTS, self.servos, strict=True)
        ]
        self.bus = BUSES[rig](self.port, motors, now=self.port.now)
        self.bus.open()

    def read(self, times: int = READS) -> None:
        """Read the positions that often; each is the one that the encoders have then."""
        for step in range(times):
            for servo in self.servos:
                servo.shaft = 1000.0 + 10 * servo.id + step
            read = self.bus.sync_read("Present_Position", JOINTS, PATIENT)
            np.testing.assert_array_equal(read, [servo.position for servo in self.servos])

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.faults.injected.counts.get("follower", {}))

    @property
    def spoiled(self) -> int:
        return self.faults.injected.spoiled["follower"]

    @property
    def failed(self) -> int:
        return int(self.bus.counters.timeouts + self.bus.counters.corrupt)


@pytest.mark.parametrize("rig", RIGS)
@pytest.mark.parametrize("fault", ["drop", "corrupt", "truncate"])
def test_what_spoils_a_reply_is_noticed_each_time_and_read_again(fault: str, rig: str) -> None:
    bench = Bench(on_wire(fault, probability=0.05), rig=rig)
    bench.read()
    assert bench.counts[fault] >= bench.spoiled > 30
    assert bench.failed == bench.spoiled == bench.bus.counters.retries


@pytest.mark.parametrize("rig", RIGS)
def test_everything_at_once_is_counted_and_no_position_is_false(rig: str) -> None:
    kinds = ("drop", "corrupt", "truncate", "double", "noise", "echo", "late")
    rules = [
        {"arm": "follower", "fault": kind, "probability": 0.01}
        | ({"delay_s": 0.06} if kind == "late" else {})
        for kind in kinds
    ]
    bench = Bench(parse({"wire": rules}), rig=rig)
    bench.read()
    assert set(bench.counts) == set(kinds)
    assert bench.failed >= bench.spoiled > 30


@pytest.mark.parametrize("rig", RIGS)
def test_an_adapter_that_echoes_spoils_nothing(rig: str) -> None:
    bench = Bench(on_wire("echo", id=1), rig=rig)
    bench.read()
    for joint in JOINTS:
        bench.bus.write("Torque_Enable", joint, 1, ONCE)
        bench.bus.ping(joint, ONCE)
    assert bench.counts == {"echo": READS + 2}
    assert bench.failed == bench.spoiled == bench.bus.counters.strays == 0


@pytest.mark.parametrize("rig", RIGS)
def test_a_reply_that_comes_twice_is_counted_and_not_taken_for_the_next(rig: str) -> None:
    bench = Bench(on_wire("double", probability=0.05), rig=rig)
    bench.read()
    assert bench.spoiled == 0
    assert bench.bus.counters.strays == bench.counts["double"] > 30


def test_foreign_bytes_behind_a_reply_are_counted_and_thrown_away() -> None:
    bench = Bench(on_wire("noise", id=6, every=4))
    bench.read()
    bench.bus.ping("gripper")  # only with the next request is noticed what came behind the last
    assert bench.counts == {"noise": READS // 4}
    assert bench.failed == 0
    assert bench.bus.counters.drained_bytes == bench.faults.injected.noise_bytes["follower"] > 0


def test_foreign_bytes_between_replies_harm_nothing() -> None:
    bench = Bench(on_wire("noise", probability=0.5))
    bench.read()
    assert bench.counts["noise"] > READS
    assert bench.spoiled == 0


def test_a_silent_servo_neither_answers_nor_hears() -> None:
    bench = Bench(on_wire("silent", id=3))
    with pytest.raises(NoReplyError, match=r"Servo 3 \(elbow_flex\) .* \(nor do 3 more") as silent:
        bench.bus.sync_read("Present_Position", JOINTS, ONCE)
    assert silent.value.motors == ("elbow_flex", "wrist_flex", "wrist_roll", "gripper")
    with pytest.raises(NoReplyError):
        bench.bus.write("Torque_Enable", "elbow_flex", 1, ONCE)
    bench.bus.sync_write("Torque_Enable", {"elbow_flex": 1, "gripper": 1})
    assert [servo.torque for servo in bench.servos] == [False] * 5 + [True]
    assert bench.counts == {"silent": 3}
    assert bench.spoiled == bench.failed == 2  # nobody was to answer the third


def test_a_rule_is_about_one_servo_and_one_instruction() -> None:
    bench = Bench(on_wire("drop", id=2, instruction="ping"))
    bench.read(3)
    assert bench.bus.ping("shoulder_pan", ONCE) == 1060
    assert bench.counts == {}
    with pytest.raises(NoReplyError, match="Servo 2"):
        bench.bus.ping("shoulder_lift", ONCE)
    assert bench.counts == {"drop": 1}


def test_a_rule_holds_for_its_time_and_the_clock_begins_with_the_first_request() -> None:
    bench = Bench(on_wire("drop", from_s=1.0, for_s=2.0))
    bench.port.sleep(10.0)
    answered = []
    for _ in range(16):
        try:
            bench.bus.ping("gripper", ONCE)
            answered.append(True)
        except NoReplyError:
            answered.append(False)
        bench.port.sleep(0.25)
    assert answered.index(False) in (3, 4)
    assert 6 <= answered.count(False) <= 8
    assert answered[-1]


def test_one_in_so_many_is_exactly_that() -> None:
    bench = Bench(on_wire("corrupt", id=1, every=10))
    for _ in range(100):
        bench.bus.ping("shoulder_pan", PATIENT)
    assert bench.counts == {"corrupt": (100 + 11) // 10}  # what was read again counts, too


def test_a_seed_repeats_what_is_random() -> None:
    def story(seed: int) -> tuple[dict[str, int], int]:
        bench = Bench(on_wire("corrupt", probability=0.1), seed)
        bench.read(50)
        return bench.counts, bench.bus.counters.drained_bytes

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_a_late_reply_and_what_comes_after_it_are_under_way_until_it_is_due() -> None:
    faults = Faults(on_wire("late", delay_s=0.03, id=1))
    line = Line("follower", partial(Bus, prompt_servos()), faults)
    assert line.feed(encode(1, PING), 5.0) == b""
    assert line.feed(encode(2, PING), 5.01) == b""  # the wire keeps their order
    assert line.wait_s(5.01) == pytest.approx(0.02)
    assert line.late(5.02) == b""
    late = line.late(5.031)
    assert (late[4], late[14 + 4], len(late)) == (1, 2, 28)
    assert line.wait_s(5.1) is None
    assert line.late(9.0) == b""
    assert len(line.feed(encode(2, PING), 9.0)) == 14
    assert faults.injected.spoiled == {"follower": 1}


def test_what_is_late_is_lost_when_the_adapter_is_unplugged() -> None:
    unplug = {"arm": "follower", "fault": "unplug", "at_s": 0.01, "for_s": 1.0}
    late = {"arm": "follower", "fault": "late", "delay_s": 0.03}
    line = Line("follower", koch.follower().wire, Faults(parse({"port": [unplug], "wire": [late]})))
    line.feed(encode(1, PING), 5.0)
    assert line.plugged(5.0)
    assert line.wait_s(5.0) == pytest.approx(0.01)
    assert not line.plugged(5.02)
    assert line.wait_s(5.02) == pytest.approx(0.99)
    assert line.plugged(6.02)
    assert line.late(6.02) == b""


def test_each_servo_waits_its_return_delay_when_its_turn_comes() -> None:
    servos = koch.follower().servos
    for servo, delay in zip(servos, (250, 0, 100), strict=False):
        write(servo, "Return_Delay_Time", delay)
    line = Line("follower", partial(Bus, servos), Faults(Rules()))
    asked = bytes([132, 0, 4, 0, 1, 2, 3])
    assert line.feed(encode(0xFE, SYNC_READ, asked), 5.0, 1_000_000) == b""
    assert line.wait_s(5.0) == pytest.approx(500e-6)
    assert [packet.id for packet in Parser().feed(line.late(5.000501))] == [1, 2]
    assert line.wait_s(5.000501) == pytest.approx(199e-6)
    assert [packet.id for packet in Parser().feed(line.late(5.000701))] == [3]
    assert line.feed(encode(2, PING), 5.001)  # without a delay: at once


def test_a_write_of_the_return_delay_is_answered_after_the_one_before() -> None:
    line = Line("follower", koch.follower().wire, Faults(Rules()))
    assert line.feed(encode(1, WRITE, bytes([9, 0, 0])), 5.0) == b""
    assert line.late(5.0005)
    assert line.feed(encode(1, PING), 5.1)


def test_return_delays_pass_on_the_virtual_clock() -> None:
    bench = Bench(Rules())
    bench.bus.ping("gripper")  # the first request waits for a quiet wire
    before = bench.port.now()
    bench.bus.sync_read("Present_Position", JOINTS, ONCE)
    delayed = bench.port.now() - before
    for joint in JOINTS:
        bench.bus.write("Return_Delay_Time", joint, 0)
    before = bench.port.now()
    bench.bus.sync_read("Present_Position", JOINTS, ONCE)
    at_once = bench.port.now() - before
    assert delayed >= 6 * 500e-6 > at_once  # replies travel while the next servo waits
    assert bench.bus.counters.timeouts == 0


def test_several_faults_befall_one_reply_until_it_is_gone() -> None:
    both = [{"arm": "follower", "fault": fault} for fault in ("double", "drop", "corrupt")]
    faults = Faults(parse({"wire": both}))
    line = Line("follower", koch.follower().wire, faults)
    assert line.feed(encode(1, PING), 5.0) == b""
    assert faults.injected.counts == {"follower": {"double": 1, "drop": 1}}
