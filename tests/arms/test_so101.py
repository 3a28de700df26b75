import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lerecord.arms import ArmSettings, Calibration, calibration
from lerecord.arms.six_joints import JOINTS
from lerecord.arms.so101 import MOTORS, Follower, Leader
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import ServoAlertError, ServoError
from lerecord.motors.errors import NoReplyError
from lerecord.motors.feetech import STS3215, FeetechBus
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import calibration_json, so101

KINDS = ["Leader", "Follower"]


def consume(reads: Iterator[Any]) -> None:
    for _ in reads:
        pass


class Tapped(FeetechBus):
    """Keeps what was written: register, joint, value, and whether in one packet for several."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.writes: list[tuple[str, str, int, bool]] = []

    def write(self, register: str, motor: str, value: int, *retry: Any) -> None:
        self.writes.append((register, motor, value, False))
        super().write(register, motor, value, *retry)

    def sync_write(self, register: str, values: Any) -> None:
        self.writes += [(register, motor, value, True) for motor, value in values.items()]
        super().sync_write(register, values)

    def eeprom(self) -> list[str]:
        return [register for register, *_ in self.writes if STS3215.is_eeprom(register)]


class Bench:
    """A simulated SO-101 arm on a lock-step port, and the driver under test on top of it."""

    def __init__(self, kind: str, **limits: list[float]) -> None:
        self.simulated = getattr(so101, kind.lower())()
        self.driver = {"Leader": Leader, "Follower": Follower}[kind]
        self.wire: Any = self.simulated.wire()
        self.port = LockStepPort(self.wire)
        self.bus = Tapped(self.port, MOTORS, now=self.port.now)
        self.settings = ArmSettings(f"main {kind.lower()}", "lockstep", limits=limits)
        data = json.loads(calibration_json(self.simulated))
        self.calibration = calibration.parse(data, MOTORS, "bench.json")
        self.arm: Any = self.with_calibration(self.calibration)

    def with_calibration(self, other: Calibration, **settings: Any) -> Any:
        return self.driver(replace(self.settings, **settings), other, "normalized", self.bus)

    def with_joint(self, joint: str, **values: int) -> Calibration:
        joints = self.calibration.joints
        changed = replace(joints[joint], **values)
        return Calibration({**joints, joint: changed}, "other.json")

    def servo(self, joint: str) -> Any:
        return self.simulated.servos[JOINTS.index(joint)]

    def values(self, register: str) -> list[int]:
        return [servo.value(register) for servo in self.simulated.servos]

    def wait(self, seconds: float) -> None:
        until = self.port.clock_s + seconds
        while self.port.clock_s < until:
            self.port.clock_s += 0.01
            self.wire.advance(self.port.clock_s)


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(request.param)


@pytest.fixture
def follower() -> Bench:
    return Bench("Follower")


def test_servos_and_calibrations_are_those_of_an_so_arm() -> None:
    assert [(m.id, m.model.number) for m in Leader.motors] == [(i, 777) for i in range(1, 7)]
    assert Follower.motors == Leader.motors
    assert Follower.calibration_names[0] == "robots/so_follower"
    assert Leader.calibration_names[0] == "teleoperators/so_leader"


def test_servos_from_the_box_are_set_up_and_keep_it_without_power(bench: Bench) -> None:
    for address, value in ((55, 0), (18, 12 | 0x10), (55, 1)):  # Phase, to last
        bench.servo("wrist_flex").write(address, bytes([value]))
    bench.arm.connect()
    joints = [bench.calibration.joints[name] for name in JOINTS]
    bench.wait(2.5)
    for servo in bench.simulated.servos:
        servo.reboot()
    for register, values in {
        "Return_Delay_Time": [0] * 6,
        "Operating_Mode": [0] * 6,
        "Phase": [12] * 6,
        "Homing_Offset": [joint.homing_offset for joint in joints],
        "Min_Position_Limit": [joint.range_min for joint in joints],
        "Max_Position_Limit": [joint.range_max for joint in joints],
        "Lock": [1] * 6,
    }.items():
        assert bench.values(register) == values, register


def test_the_follower_has_its_gains_and_a_gentle_grip(follower: Bench) -> None:
    follower.arm.connect()
    assert follower.values("P_Coefficient") == [16] * 6
    assert follower.values("D_Coefficient") == [32] * 6
    assert follower.values("Acceleration") == [254] * 6
    gripper = follower.servo("gripper")
    for register, value in (
        ("Max_Torque_Limit", 500),
        ("Torque_Limit", 500),
        ("Protection_Current", 250),
        ("Overload_Torque", 25),
    ):
        assert gripper.value(register) == value
    assert follower.servo("elbow_flex").value("Max_Torque_Limit") == 1000


def test_eeprom_is_written_once_unlocked_without_torque_and_never_again(bench: Bench) -> None:
    bench.arm.connect()
    writes = bench.bus.writes
    for at, (register, joint, _, _) in enumerate(writes):
        if STS3215.is_eeprom(register):
            assert writes[at - 2][:3] == ("Torque_Enable", joint, 0)
            assert writes[at - 1][:3] == ("Lock", joint, 0)
            assert writes[at + 1][:3] == ("Lock", joint, 1)
    assert len(bench.bus.eeprom()) > 6
    bench.arm.disconnect()
    writes.clear()
    bench.arm.connect()
    assert bench.bus.eeprom() == []


def test_an_arm_that_is_examined_is_not_written_to(bench: Bench) -> None:
    bench.arm.examine()
    assert bench.bus.writes == []
    assert not bench.bus.is_open


@pytest.mark.parametrize("key", ["homing_offset", "range_min", "range_max"])
def test_servos_that_hold_another_calibration_are_refused_untouched(bench: Bench, key: str) -> None:
    bench.arm.connect()
    bench.arm.disconnect()
    held = getattr(bench.calibration.joints["elbow_flex"], key)
    other = bench.with_joint("elbow_flex", **{key: held + 7})
    bench.bus.writes.clear()
    with pytest.raises(ConfigError, match=rf"elbow_flex \({key} is {held}, not {held + 7}\)"):
        bench.with_calibration(other).connect()
    assert bench.bus.writes == []
    bench.with_calibration(other, write_calibration=True).connect()
    assert {joint for register, joint, _, _ in bench.bus.writes if register in bench.bus.eeprom()}
    bench.with_calibration(other).examine()


def test_a_joint_calibrated_over_the_end_of_its_turn_is_refused(bench: Bench) -> None:
    other = bench.with_joint("shoulder_pan", range_min=3, range_max=4090)
    with pytest.raises(ConfigError, match=r"other.json gives shoulder_pan nearly a whole turn"):
        bench.with_calibration(other)


def test_no_goal_is_written_before_the_arm_is_set_up_and_then_the_place_where_it_is(
    follower: Bench,
) -> None:
    before = [servo.shaft for servo in follower.simulated.servos]
    follower.arm.connect()
    registers = [register for register, *_ in follower.bus.writes]
    assert registers.index("Goal_Position") > max(
        at for at, register in enumerate(registers) if STS3215.is_eeprom(register)
    )
    assert all(servo.torque for servo in follower.simulated.servos)
    follower.wait(1.0)
    assert [servo.shaft for servo in follower.simulated.servos] == pytest.approx(before, abs=1.0)


def test_a_follower_left_under_torque_is_not_dropped(follower: Bench) -> None:
    follower.arm.connect()
    for _ in range(200):
        follower.arm.command(np.full(6, 20.0), 5.0)
        follower.wait(0.03)
    follower.arm.disconnect()
    raised = [servo.shaft for servo in follower.simulated.servos]
    follower.bus.writes.clear()
    follower.arm.connect()
    assert ("Torque_Enable", 0) not in [(name, value) for name, _, value, _ in follower.bus.writes]
    follower.wait(1.0)
    assert [s.shaft for s in follower.simulated.servos] == pytest.approx(raised, abs=2.0)


@pytest.mark.parametrize(("counts", "degrees"), [(90, 8), (-300, 26)])
def test_a_joint_outside_of_its_range_would_jump_and_is_refused(
    follower: Bench, counts: int, degrees: int
) -> None:
    follower.arm.connect()
    follower.arm.release()
    follower.arm.disconnect()
    joint, servo = follower.calibration.joints["shoulder_pan"], follower.servo("shoulder_pan")
    end = joint.range_max if counts > 0 else joint.range_min
    servo.world.low, servo.world.high = -1e9, 1e9
    servo.shaft = servo.shaft_at(end + counts)
    with pytest.raises(DeviceError, match=f"shoulder_pan.* is {degrees} degrees outside"):
        follower.arm.connect()
    assert not any(servo.torque for servo in follower.simulated.servos)


def test_leader_and_follower_agree_on_every_pose(follower: Bench) -> None:
    leader = Bench("Leader")
    leader.arm.connect()
    follower.arm.connect()
    pose = (0.3, 0.4, 1.1, -0.5, -0.8, 0.25)
    for joint, coordinate in enumerate(pose):
        leader.simulated.hold(joint, coordinate)
    leader.wait(0.1)
    for _ in range(150):
        follower.arm.command(leader.arm.read(), 5.0)
        follower.wait(0.03)
    assert follower.arm.read() == pytest.approx(leader.arm.read(), abs=0.3)
    assert follower.simulated.pose() == pytest.approx(pose, abs=0.01)


def test_servos_that_answer_only_reads_are_woken(bench: Bench) -> None:
    for servo in bench.simulated.servos:
        servo.write(8, b"\x00")
    bench.arm.connect()
    assert bench.values("Response_Status_Level") == [1] * 6


def test_a_grip_that_overloads_is_counted_and_read_on(follower: Bench) -> None:
    follower.arm.connect()
    follower.servo("gripper").fail("overload")
    position = follower.arm.read()
    assert np.all(np.isfinite(position))
    assert follower.arm.counters.alerts == 1


def test_trouble_is_named_with_its_remedy(bench: Bench) -> None:
    bench.arm.connect()
    bench.servo("elbow_flex").fail("overheat")
    with pytest.raises(ServoAlertError, match=r"elbow_flex.* overheating: let it cool down"):
        bench.arm.read()
    bench.servo("elbow_flex").reboot()
    bench.servo("wrist_flex").protection.decivolts = 121
    bench.wait(0.1)
    with pytest.raises(
        ServoAlertError, match=r"wrist_flex.* voltage \(12.1 V, and it takes 4.0 to 8.0 V\)"
    ):
        bench.arm.read()


def test_a_servo_that_restarted_is_found_though_goals_give_it_torque_again(
    follower: Bench,
) -> None:
    follower.arm.connect()
    follower.arm.read()
    follower.servo("wrist_flex").reboot()
    follower.arm.command(np.zeros(6), 0.1)
    assert follower.servo("wrist_flex").torque
    with pytest.raises(ServoError, match="wrist_flex of the main follower has lost its settings"):
        consume(follower.arm.read() for _ in range(20))


def test_a_servo_of_another_id_is_named_and_two_of_one_are_no_silence(bench: Bench) -> None:
    bench.servo("wrist_roll").write(5, b"\x09")
    with pytest.raises(DeviceError, match=r"Servo 5 .* does not answer, and one with the id 9 do"):
        bench.arm.examine()
    bench.servo("wrist_roll").write(5, b"\x04")
    bench.servo("wrist_roll").fail("overload")  # else both would say the same
    with pytest.raises(DeviceError, match=r"servo 4 \(wrist_flex\).* two servos have the id 4"):
        bench.arm.examine()


def test_a_missing_servo_is_an_error_and_no_zero(bench: Bench) -> None:
    bench.arm.connect()
    bench.wire.servos = tuple(s for s in bench.simulated.servos if s.id != 3)
    with pytest.raises(NoReplyError, match=r"Servo 3 \(elbow_flex\)"):
        bench.arm.read()
