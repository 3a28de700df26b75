from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.arms.arm import GoalLimiter
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors.bus import NORMAL

GOALS = st.lists(st.floats(-300.0, 300.0, width=32), min_size=2, max_size=2)
EXACT = 1e-4  # float32 at 300


def limiter(start: list[float]) -> GoalLimiter:
    made = GoalLimiter(np.array([-100.0, 0.0]), np.array([100.0, 100.0]))
    made.start_at(start)
    return made


@given(GOALS, st.lists(GOALS, min_size=1, max_size=20), st.floats(0.0, 50.0))
def test_no_step_is_longer_than_allowed_and_none_leads_out_of_the_range(
    start: list[float], goals: list[list[float]], max_step: float
) -> None:
    limits = limiter(start)
    last = np.array(start)
    for goal in goals:
        sent = limits.limit(goal, max_step)
        limits.sent(sent)
        assert sent.dtype == np.float32
        assert np.all(np.abs(sent - last) <= max_step + EXACT)
        outside = np.maximum(np.maximum([-100.0, 0.0] - sent, sent - [100.0, 100.0]), 0.0)
        was = np.maximum(np.maximum([-100.0, 0.0] - last, last - [100.0, 100.0]), 0.0)
        assert np.all(outside <= np.maximum(was - max_step, 0.0) + EXACT)
        last = sent


@given(GOALS, GOALS)
def test_a_goal_is_reached_and_then_kept(start: list[float], goal: list[float]) -> None:
    limits = limiter(start)
    expected = np.clip(np.array(goal, np.float32), [-100.0, 0.0], [100.0, 100.0])
    for _ in range(100):
        limits.sent(limits.limit(goal, 7.0))
    assert limits.limit(goal, 7.0) == pytest.approx(expected, abs=EXACT)


def test_a_goal_that_was_not_sent_does_not_count() -> None:
    limits = limiter([0.0, 0.0])
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [1.0, 1.0]
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [1.0, 1.0]
    limits.sent(limits.limit([10.0, 10.0], 1.0))
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [2.0, 2.0]


def test_each_joint_has_its_own_step() -> None:
    assert limiter([0.0, 50.0]).limit([0.5, 0.0], 1.0).tolist() == [0.5, 49.0]


@pytest.mark.parametrize(
    ("goal", "max_step"),
    [
        ([np.nan, 0.0], 1.0),
        ([np.inf, 0.0], 1.0),
        ([0.0], 1.0),
        ([0.0, 0.0, 0.0], 1.0),
        ([0.0, 0.0], -1.0),
        ([0.0, 0.0], np.nan),
    ],
)
def test_what_is_no_goal_is_refused(goal: list[float], max_step: float) -> None:
    with pytest.raises(ValueError, match="no goal and step for 2 joints"):
        limiter([0.0, 0.0]).limit(goal, max_step)


def test_before_it_is_known_where_the_arm_is_there_is_no_goal() -> None:
    with pytest.raises(RuntimeError, match="only after connect"):
        GoalLimiter(np.zeros(2), np.ones(2)).limit([0.0, 0.0], 1.0)


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
    with pytest.raises(ConfigError, match="a joint 'knee' that it has not"):
        make_bench("Follower", knee=[0.0, 1.0])
    with pytest.raises(ConfigError, match=r"limits of gripper .* leave nothing"):
        make_bench("Follower", gripper=[100.0, 120.0])


def test_every_servo_is_let_go_before_an_error_is_raised(follower: Any) -> None:
    follower.arm.connect()
    follower.tap.servos.servos = tuple(s for s in follower.simulated.servos if s.id not in (2, 4))
    with pytest.raises(DeviceError, match=r"Servo 2 \(shoulder_lift\)"):
        follower.arm.release()
    assert follower.values("Torque_Enable") == [0, 1, 0, 1, 0, 0]
