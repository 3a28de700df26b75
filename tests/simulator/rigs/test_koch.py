import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors.dynamixel import XL330_M077, XL330_M288, XL430_W250
from lerecord.simulator.dynamixel import Servo
from lerecord.simulator.rigs import (
    GRIPPER,
    JOINTS,
    REST,
    Arm,
    JointCalibration,
    calibration_json,
    koch,
)

CALIBRATION = Path(__file__).parents[3] / "hardware_configs" / "calibration"
ARMS = {"leader": koch.leader, "follower": koch.follower}


def write(servo: Servo, name: str, value: int) -> None:
    register = servo.model.registers[name]
    servo.write(register.address, value.to_bytes(register.size, "little", signed=register.signed))


def connect(arm: Arm[Servo]) -> list[JointCalibration]:
    """Set the servos up as a driver does it."""
    joints = list(arm.calibration().values())
    for index, (servo, joint) in enumerate(zip(arm.servos, joints, strict=True)):
        write(servo, "Operating_Mode", 5 if index == GRIPPER else 4)
        write(servo, "Drive_Mode", joint.drive_mode)
        write(servo, "Homing_Offset", joint.homing_offset)
    return joints


def normalized(position: int, joint: JointCalibration) -> float:
    share = (position - joint.range_min) / (joint.range_max - joint.range_min)
    return share * 200.0 - 100.0


@pytest.mark.parametrize("name", ARMS)
def test_the_calibration_file_is_that_of_the_arm(name: str) -> None:
    written = (CALIBRATION / f"sim_{name}.json").read_text()
    assert written == calibration_json(ARMS[name]())


@pytest.mark.parametrize("name", ARMS)
def test_the_calibration_file_has_the_form_of_lerobot(name: str) -> None:
    joints = json.loads((CALIBRATION / f"sim_{name}.json").read_text())
    assert tuple(joints) == JOINTS
    for servo_id, joint in enumerate(joints.values(), 1):
        assert list(joint) == ["id", "drive_mode", "homing_offset", "range_min", "range_max"]
        assert joint["id"] == servo_id
        assert 0 <= joint["range_min"] < joint["range_max"] <= 4095
    for free in ("shoulder_pan", "wrist_roll"):
        assert (joints[free]["range_min"], joints[free]["range_max"]) == (0, 4095)
    assert any(abs(joint["homing_offset"]) > 1024 for joint in joints.values())


def test_models_and_ids_are_those_of_the_real_arms() -> None:
    assert [servo.id for servo in koch.leader().servos] == [1, 2, 3, 4, 5, 6]
    assert [servo.model for servo in koch.leader().servos] == [XL330_M077] * 6
    assert [servo.model for servo in koch.follower().servos] == [XL430_W250] * 2 + [XL330_M288] * 4


def test_only_the_leaders_elbow_is_mounted_mirrored() -> None:
    leader = koch.leader().calibration()
    assert [name for name, joint in leader.items() if joint.drive_mode == 1] == ["elbow_flex"]
    assert not any(joint.drive_mode for joint in koch.follower().calibration().values())


@given(st.lists(st.floats(0.0, 1.0), min_size=6, max_size=6))
def test_equal_joint_angles_give_equal_normalized_values(shares: list[float]) -> None:
    read = []
    for arm in (koch.leader(), koch.follower()):
        joints = connect(arm)
        values = []
        for index, (servo, mount) in enumerate(zip(arm.servos, arm.mounts, strict=True)):
            low = -2.5 if mount.low is None else mount.low
            high = 2.5 if mount.high is None else mount.high
            servo.advance(0.0)
            arm.hold(index, low + shares[index] * (high - low))
            servo.advance(1.0)
            values.append(normalized(servo.position, joints[index]))
        read.append(values)
    counts = [0.06, 0.11, 0.12, 0.10, 0.06, 0.40]  # one count of each joint, normalized
    for leader, follower, tolerance in zip(*read, counts, strict=True):
        assert leader == pytest.approx(follower, abs=2.0 * tolerance)


def test_without_the_drive_mode_the_leaders_elbow_counts_backwards() -> None:
    arm = koch.leader()
    elbow = JOINTS.index("elbow_flex")
    before = arm.servos[elbow].position
    arm.servos[elbow].advance(0.0)
    arm.hold(elbow, REST[elbow] - 0.5)
    arm.servos[elbow].advance(1.0)
    assert arm.servos[elbow].position > before


@pytest.mark.parametrize("name", ARMS)
def test_a_fresh_arm_lies_folded_and_stays(name: str) -> None:
    arm = ARMS[name]()
    for _ in range(3):
        for servo in arm.servos:
            servo.advance(1.0)
    assert arm.pose() == pytest.approx(REST)
    assert not any(servo.torque for servo in arm.servos)


def test_a_follower_that_is_let_go_sinks_back_to_rest() -> None:
    arm = koch.follower()
    for joint, servo in enumerate(arm.servos):
        servo.advance(0.0)
        arm.hold(joint, 0.3)
        servo.advance(1.0)
        arm.hold(joint, None)
    assert arm.pose() == pytest.approx([0.3] * 6)
    for servo in arm.servos:
        servo.advance(10.0)
    carrying = slice(1, 4)  # shoulder_lift, elbow_flex, wrist_flex
    assert arm.pose()[carrying] == pytest.approx(REST[carrying])
    assert (arm.pose()[0], arm.pose()[4]) == pytest.approx((0.3, 0.3))


def test_stops_hold_a_joint_within_its_range() -> None:
    arm = koch.leader()
    for joint, (servo, mount) in enumerate(zip(arm.servos, arm.mounts, strict=True)):
        if mount.high is not None:
            servo.advance(0.0)
            arm.hold(joint, mount.high + 5.0)
            servo.advance(1.0)
            assert arm.pose()[joint] == pytest.approx(mount.high)
