from typing import Any

import numpy as np
import pytest

from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import NORMAL


def test_what_a_register_has_is_not_written(follower: Any) -> None:
    follower.bus.open()
    arm = follower.arm
    arm.ensure("Return_Delay_Time", {"elbow_flex": 0, "gripper": 250, "wrist_flex": 5})
    written = [(write.id, write.value) for write in follower.tap.to("Return_Delay_Time")]
    assert written == [(3, 0), (4, 5)]
    arm.ensure("Return_Delay_Time", {"elbow_flex": 0, "gripper": 250, "wrist_flex": 5})
    assert len(follower.tap.to("Return_Delay_Time")) == 2


def test_torque_goes_off_only_where_eeprom_is_written(follower: Any) -> None:
    follower.bus.open()
    for joint in follower.arm.joints:
        follower.bus.write("Torque_Enable", joint, 1)
    follower.arm.ensure("Return_Delay_Time", dict.fromkeys(follower.arm.joints, 250))
    follower.arm.ensure("LED", dict.fromkeys(follower.arm.joints, 1))
    assert follower.values("Torque_Enable") == [1] * 6
    follower.arm.ensure("Return_Delay_Time", {"elbow_flex": 0, "gripper": 250})
    assert follower.values("Torque_Enable") == [1, 1, 0, 1, 1, 1]


def test_a_servo_that_does_not_keep_a_value_is_named(
    follower: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower.bus.open()
    monkeypatch.setattr(follower.servo("elbow_flex"), "write", lambda *_: None)
    with pytest.raises(DeviceError, match=r"elbow_flex of the main follower .* Return_Delay_Time"):
        follower.arm.ensure("Return_Delay_Time", {"elbow_flex": 0})


@pytest.mark.parametrize("turns", [-2, -1, 0, 1, 3])
def test_a_joint_found_in_another_turn_is_counted_from_the_right_one(
    follower: Any, turns: int
) -> None:
    follower.arm.connect()
    before = follower.arm.read()
    follower.arm.release()
    follower.arm.disconnect()
    servo = follower.servo("wrist_flex")
    servo.world.low, servo.world.high, servo.world.slump = -np.inf, np.inf, None
    servo.shaft += 4096 * turns
    follower.tap.writes.clear()
    follower.arm.connect()
    assert follower.arm.read().tolist() == before.tolist()
    shaft = servo.shaft
    follower.arm.command(before, 1.0)
    follower.wait(1.0)
    assert servo.shaft == pytest.approx(shaft, abs=1.0)  # it did not go looking for its range


@pytest.mark.parametrize(
    ("position", "counted"),
    [(-60, -60), (-70, 4026), (0, 0), (4095, 4095), (4150, 4150), (4170, 74)],
)
def test_a_joint_that_turns_freely_keeps_its_turn_at_the_ends(
    follower: Any, position: int, counted: int
) -> None:
    follower.arm.connect()
    follower.arm.release()
    follower.arm.disconnect()
    servo = follower.servo("wrist_roll")
    servo.shaft = servo.shaft_at(position)
    follower.arm.connect()
    assert follower.arm.counts(NORMAL)[4] == counted
    assert servo.value("Goal_Position") == position
    shaft = servo.shaft
    follower.arm.command(follower.arm.scale.unbounded(follower.arm.counts(NORMAL)), 1.0)
    follower.wait(0.5)
    assert servo.shaft == pytest.approx(shaft, abs=25.0)  # at most the step of 1 of 200


@pytest.mark.parametrize(("counts", "fits"), [(500, True), (520, False)])
def test_a_joint_far_outside_of_its_range_is_refused(
    follower: Any, counts: int, fits: bool
) -> None:
    servo = follower.servo("wrist_flex")
    servo.world.low, servo.world.high, servo.world.slump = -np.inf, np.inf, None
    follower.arm.connect()
    follower.arm.release()
    follower.arm.disconnect()
    servo.shaft = servo.shaft_at(follower.calibration.joints["wrist_flex"].range_max + counts)
    if fits:
        follower.arm.connect()
        return
    with pytest.raises(DeviceError, match="wrist_flex of the main follower is 46 degrees outside"):
        follower.arm.connect()
    assert not follower.bus.is_open
    assert follower.values("Torque_Enable") == [0] * 6


def test_limits_of_the_config_narrow_the_range(make_bench: Any) -> None:
    bench = make_bench("Follower", elbow_flex=[-20.0, 30.0], gripper=[-50.0, 90.0])
    low, high = bench.arm.goal_range()
    assert low.tolist() == [-100.0, -100.0, -20.0, -100.0, -100.0, 0.0]
    assert high.tolist() == [100.0, 100.0, 30.0, 100.0, 100.0, 90.0]


def test_limits_that_do_not_fit_the_arm_are_refused(make_bench: Any) -> None:
    with pytest.raises(ConfigError, match="a joint 'knee' that it does not have"):
        make_bench("Follower", knee=[0.0, 1.0])
    with pytest.raises(ConfigError, match=r"limits of gripper .* leave nothing"):
        make_bench("Follower", gripper=[100.0, 120.0])


def test_every_servo_is_let_go_before_an_error_is_raised(follower: Any) -> None:
    follower.arm.connect()
    follower.tap.servos.servos = tuple(s for s in follower.simulated.servos if s.id not in (2, 4))
    with pytest.raises(DeviceError, match=r"Servo 2 \(shoulder_lift\)"):
        follower.arm.release()
    assert follower.values("Torque_Enable") == [0, 1, 0, 1, 0, 0]
