from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lerecord.arms import Calibration
from lerecord.arms.koch import TRIGGER_REST, Follower, Leader
from lerecord.arms.six_joints import JOINTS
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import NORMAL, PortLostError, ServoAlertError, ServoError
from lerecord.motors.dynamixel import EEPROM_END, XL330_M077
from lerecord.motors.errors import NoReplyError
from lerecord.simulator.dynamixel import HardwareError, Servo

KINDS = ["Leader", "Follower"]


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, make_bench: Any) -> Any:
    return make_bench(request.param)


def eeprom_writes(bench: Any) -> list[Any]:
    registers = XL330_M077.registers
    return [w for w in bench.tap.writes if registers[w.register].address < EEPROM_END]


def test_servos_are_those_of_a_koch_v1_1() -> None:
    assert JOINTS == (
        "shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper",
    )  # fmt: skip
    assert [(m.id, m.model.number) for m in Leader.motors] == [(i, 1190) for i in range(1, 7)]
    assert [m.model.number for m in Follower.motors] == [1060, 1060, 1200, 1200, 1200, 1200]
    assert Leader.calibration_names == ("teleoperators/koch_leader",)
    assert Follower.calibration_names == ("robots/koch_follower",)


def test_a_servo_from_the_bench_is_set_up_register_by_register(bench: Any) -> None:
    bench.arm.connect()
    joints = [bench.calibration.joints[name] for name in JOINTS]
    assert bench.values("Return_Delay_Time") == [0] * 6
    assert bench.values("Operating_Mode") == [4, 4, 4, 4, 4, 5]
    assert bench.values("Drive_Mode") == [joint.drive_mode for joint in joints]
    assert bench.values("Homing_Offset") == [joint.homing_offset for joint in joints]
    assert bench.values("Min_Position_Limit") == [joint.range_min for joint in joints]
    assert bench.values("Max_Position_Limit") == [joint.range_max for joint in joints]


def test_the_elbow_of_the_leader_turns_the_other_way(leader: Any) -> None:
    leader.arm.connect()
    assert leader.values("Drive_Mode") == [0, 0, 1, 0, 0, 0]


def test_the_elbow_of_the_follower_has_its_gains(follower: Any) -> None:
    follower.arm.connect()
    elbow = follower.servo("elbow_flex")
    assert [elbow.value(f"Position_{gain}_Gain") for gain in "PID"] == [1500, 0, 600]
    wrist = follower.servo("wrist_flex")
    assert [wrist.value(f"Position_{gain}_Gain") for gain in "PID"] == [400, 0, 0]


def test_a_new_operating_mode_does_not_undo_the_gains(follower: Any) -> None:
    follower.arm.connect()
    names = [write.register for write in follower.tap.writes if write.id == 3]
    assert names.index("Operating_Mode") < names.index("Position_P_Gain")


def test_eeprom_is_written_once_and_never_again(bench: Any) -> None:
    bench.arm.connect()
    assert len(eeprom_writes(bench)) >= 6 * 2
    bench.arm.disconnect()
    bench.tap.writes.clear()
    bench.arm.connect()
    assert eeprom_writes(bench) == []


def test_only_the_register_that_differs_is_written(bench: Any) -> None:
    bench.arm.connect()
    bench.arm.disconnect()
    bench.servo("wrist_flex").write(64, b"\x00")
    bench.servo("wrist_flex").write(9, b"\x07")
    bench.tap.writes.clear()
    bench.arm.connect()
    assert [(w.register, w.id, w.value) for w in eeprom_writes(bench)] == [
        ("Return_Delay_Time", 4, 0)
    ]


def calibration_writes(bench: Any) -> list[Any]:
    names = ("Drive_Mode", "Homing_Offset", "Min_Position_Limit", "Max_Position_Limit")
    return [write for name in names for write in bench.tap.to(name)]


@pytest.mark.parametrize("key", ["homing_offset", "range_min", "range_max", "drive_mode"])
@pytest.mark.parametrize("step", ["examine", "connect"])
def test_servos_that_hold_another_calibration_are_refused_untouched(
    bench: Any, key: str, step: str
) -> None:
    bench.arm.connect()
    bench.arm.disconnect()
    held = bench.calibration.joints["elbow_flex"]
    value = 1 - held.drive_mode if key == "drive_mode" else getattr(held, key) + 7
    changed = replace(held, **{key: value})
    other = Calibration({**bench.calibration.joints, "elbow_flex": changed}, "/file.json")
    arm = bench.another(other)
    bench.tap.writes.clear()
    with pytest.raises(ConfigError) as refused:
        getattr(arm, step)()
    told = f"elbow_flex ({key} is {getattr(held, key)}, not {getattr(changed, key)})"
    assert f"hold a different calibration than /file.json: {told}." in str(refused.value)
    assert "--write-calibration" in str(refused.value)
    assert {write.register for write in bench.tap.writes} == {"Status_Return_Level"}
    assert not bench.bus.is_open

    written = bench.another(other, write_calibration=True)
    written.examine()
    written.connect()
    assert [write.id for write in calibration_writes(bench)] == [3]
    assert bench.another(other).examine() is None


def test_one_fresh_servo_among_calibrated_ones_is_another_calibration(bench: Any) -> None:
    bench.arm.connect()
    bench.arm.disconnect()
    bench.servo("wrist_flex").factory_reset(keep_id=True, keep_baud=True)
    bench.tap.writes.clear()
    with pytest.raises(ConfigError, match=r"than bench.json: wrist_flex \(homing_offset is 0, not"):
        bench.arm.examine()
    assert {write.register for write in bench.tap.writes} == {"Status_Return_Level"}


def test_other_bits_of_drive_mode_are_no_calibration(bench: Any) -> None:
    bench.arm.connect()
    bench.arm.disconnect()
    servo = bench.servo("wrist_flex")
    servo.write(64, b"\x00")
    servo.write(10, b"\x04")  # time-based profiles
    bench.arm.examine()


def test_an_arm_that_is_examined_is_closed_again_and_does_not_move(bench: Any) -> None:
    bench.arm.examine()
    assert {write.register for write in bench.tap.writes} == {"Status_Return_Level"}
    assert not bench.bus.is_open
    assert bench.values("Torque_Enable") == [0] * 6


def test_a_servo_told_to_keep_silent_is_woken(bench: Any) -> None:
    for servo in bench.simulated.servos:
        servo.write(68, b"\x00")
    bench.arm.connect()
    assert bench.values("Status_Return_Level") == [2] * 6
    assert bench.arm.counters.timeouts == 0


def test_a_tripped_watchdog_does_not_keep_the_arm_still(follower: Any) -> None:
    servo = follower.servo("wrist_roll")
    servo.write(98, b"\x01")
    servo.write(64, b"\x01")
    servo.advance(0.0)
    servo.advance(1.0)
    assert servo.value("Bus_Watchdog") == -1
    follower.port.clock_s = 1.0
    follower.arm.connect()
    assert follower.values("Bus_Watchdog") == [0] * 6


def test_the_follower_holds_where_it_was_found(follower: Any) -> None:
    before = [servo.shaft for servo in follower.simulated.servos]
    follower.arm.connect()
    assert follower.values("Torque_Enable") == [1] * 6
    assert follower.values("Goal_Position") == follower.values("Present_Position")
    follower.wait(1.0)
    after = [servo.shaft for servo in follower.simulated.servos]
    assert after == pytest.approx(before, abs=1.0)


def test_goals_are_acknowledged_before_any_torque_goes_on(follower: Any) -> None:
    follower.arm.connect()
    torque_on = [w for w in follower.tap.to("Torque_Enable") if w.value == 1]
    first = follower.tap.writes.index(torque_on[0])
    goals = follower.tap.to("Goal_Position")
    assert [w.id for w in torque_on] == [1, 2, 3, 4, 5, 6]
    assert [w.id for w in goals] == [1, 2, 3, 4, 5, 6]
    assert not any(w.group for w in goals)
    assert all(follower.tap.writes.index(w) < first for w in goals)


def test_a_follower_left_under_torque_is_not_dropped(follower: Any) -> None:
    follower.arm.connect()
    for _ in range(200):
        follower.arm.command(np.zeros(6), 5.0)
        follower.wait(0.03)
    follower.arm.disconnect()  # as after a crash: torque stays on
    raised = [servo.shaft for servo in follower.simulated.servos]
    follower.tap.writes.clear()
    follower.arm.connect()
    assert [w for w in follower.tap.to("Torque_Enable") if w.value == 0] == []
    follower.wait(1.0)
    assert [s.shaft for s in follower.simulated.servos] == pytest.approx(raised, abs=2.0)


def test_the_leader_is_free_but_for_the_trigger(leader: Any) -> None:
    leader.arm.connect()
    assert leader.values("Torque_Enable") == [0, 0, 0, 0, 0, 1]
    assert {w.id for w in leader.tap.to("Goal_Position")} == {6}


def test_the_trigger_springs_back(leader: Any) -> None:
    leader.arm.connect()
    leader.wait(2.0)
    assert leader.arm.read()[5] == pytest.approx(TRIGGER_REST, abs=0.2)
    leader.simulated.hold(5, 0.0)
    leader.wait(0.5)
    assert leader.arm.read()[5] == pytest.approx(0.0, abs=0.2)
    leader.simulated.hold(5, None)
    leader.wait(2.0)
    assert leader.arm.read()[5] == pytest.approx(TRIGGER_REST, abs=0.2)


def test_a_leader_found_with_torque_on_is_let_go(leader: Any) -> None:
    leader.arm.connect()
    leader.arm.disconnect()
    for servo in leader.simulated.servos:
        servo.write(64, b"\x01")
    leader.arm.connect()
    assert leader.values("Torque_Enable") == [0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("units", ["normalized", "degrees"])
@pytest.mark.parametrize("kind", KINDS)
def test_positions_are_those_of_the_joints(make_bench: Any, kind: str, units: Any) -> None:
    bench = make_bench(kind, units)
    bench.arm.connect()
    bench.arm.let_go()
    for share in (0.0, 0.1, 0.5, 0.93, 1.0):
        expected = []
        for at, (name, mount) in enumerate(zip(JOINTS, bench.simulated.mounts, strict=True)):
            low = mount.low if mount.low is not None else -np.pi
            high = mount.high if mount.high is not None else np.pi
            bench.simulated.hold(at, low + share * (high - low))
            joint = bench.calibration.joints[name]
            counts = (share - 0.5) * (joint.range_max - joint.range_min)
            is_degrees = units == "degrees" and name != "gripper"
            part = share * 100 if name == "gripper" else share * 200 - 100
            expected.append(counts * 360 / 4095 if is_degrees else part)
        bench.wait(0.05)
        if 0.0 < share < 1.0:  # a joint that turns freely has no ends
            assert bench.arm.read() == pytest.approx(expected, abs=0.2)
        assert bench.arm.read()[[1, 2, 3, 5]] == pytest.approx(
            [expected[at] for at in (1, 2, 3, 5)], abs=0.2
        )


def test_leader_and_follower_agree_on_every_pose(leader: Any, follower: Any) -> None:
    leader.arm.connect()
    follower.arm.connect()
    leader.arm.let_go()
    pose = (0.3, 0.4, 1.1, -0.5, -0.8, 0.25)
    for joint, coordinate in enumerate(pose):
        leader.simulated.hold(joint, coordinate)
    leader.wait(0.1)
    for _ in range(150):
        follower.arm.command(leader.arm.read(), 5.0)
        follower.wait(0.03)
    assert follower.arm.read() == pytest.approx(leader.arm.read(), abs=0.3)
    assert follower.simulated.pose() == pytest.approx(pose, abs=0.01)


def test_a_goal_moves_at_most_a_step_from_the_last_one_sent(follower: Any) -> None:
    follower.arm.connect()
    start = follower.arm.read()
    first = follower.arm.command(np.full(6, 100.0), 2.0)
    assert first.dtype == np.float32
    assert first == pytest.approx(np.minimum(start + 2.0, 100.0), abs=0.1)
    second = follower.arm.command(np.full(6, 100.0), 2.0)
    assert second == pytest.approx(np.minimum(first + 2.0, 100.0))


def test_no_caller_makes_a_goal_jump_farther_than_the_ceiling(follower: Any) -> None:
    follower.arm.connect()
    first = follower.arm.command(np.full(6, -100.0), 0.0)
    sent = follower.arm.command(np.full(6, 100.0), 1e12)
    assert np.abs(sent - first).max() == pytest.approx(follower.arm.ceiling.step)


def test_the_servos_get_the_nearest_count_of_the_goal(follower: Any) -> None:
    follower.arm.connect()
    follower.tap.writes.clear()
    sent = follower.arm.command(np.full(6, 50.0), 1.2345)
    counts = follower.arm.scale.to_counts(sent)
    assert [w.value for w in follower.tap.to("Goal_Position")] == counts.tolist()
    assert all(w.group for w in follower.tap.to("Goal_Position"))


def test_a_slow_motion_of_less_than_a_count_a_step_does_move(follower: Any) -> None:
    follower.arm.connect()
    start = follower.arm.command(follower.arm.read(), 0.0)
    for _ in range(1000):
        goal = follower.arm.command(start + 10.0, 0.005)
    assert goal[1] - start[1] == pytest.approx(5.0, abs=0.05)


def test_goals_below_zero_are_sent_and_read_with_their_sign(follower: Any) -> None:
    follower.arm.connect()
    joint = follower.servo("wrist_roll")
    follower.arm.release()
    joint.shaft = joint.shaft_at(-40)  # a little below the turn that was calibrated
    follower.arm.disconnect()
    follower.arm.connect()
    assert joint.value("Goal_Position") == -40
    assert follower.arm.counts(NORMAL)[4] == -40
    assert follower.arm.read()[4] == -100.0
    first = follower.arm.command(np.zeros(6), 0.5)
    assert first[4] == pytest.approx((-40 / 4095) * 200 - 100 + 0.5, abs=1e-4)


@pytest.mark.parametrize("missing", [1, 4])
def test_a_missing_servo_ends_connecting(bench: Any, missing: int) -> None:
    bench.tap.servos.servos = tuple(s for s in bench.simulated.servos if s.id != missing)
    with pytest.raises(
        DeviceError, match=rf"Servo {missing} \({JOINTS[missing - 1]}\) of the main"
    ):
        bench.arm.connect()
    assert not bench.bus.is_open
    assert bench.tap.writes == []


def test_a_leader_in_place_of_the_follower_ends_connecting(follower: Any) -> None:
    follower.tap.servos.servos = tuple(Servo(XL330_M077, i) for i in range(1, 7))
    with pytest.raises(DeviceError, match=r"Servo 1 .* is xl330-m077 where xl430-w250 belongs"):
        follower.arm.connect()
    assert follower.tap.writes == []


def test_a_servo_that_falls_silent_is_an_error_and_no_zero(bench: Any) -> None:
    bench.arm.connect()
    bench.tap.servos.servos = tuple(s for s in bench.simulated.servos if s.id != 3)
    with pytest.raises(NoReplyError, match=r"Servo 3 \(elbow_flex\)"):
        bench.arm.read()
    bench.tap.servos.servos = bench.simulated.servos
    assert bench.arm.read().shape == (6,)


def test_an_overloaded_servo_is_named_while_it_is_read(bench: Any) -> None:
    bench.arm.connect()
    bench.servo("shoulder_lift").fail(HardwareError.OVERLOAD)
    with pytest.raises(ServoAlertError, match=r"shoulder_lift.* overload"):
        bench.arm.read()


def test_releasing_takes_torque_off_every_servo_even_of_one_in_trouble(follower: Any) -> None:
    follower.arm.connect()
    follower.servo("shoulder_pan").fail(HardwareError.OVERHEATING)
    with pytest.raises(ServoAlertError, match="shoulder_pan"):
        follower.arm.release()
    assert follower.values("Torque_Enable") == [0] * 6


def test_disconnecting_lets_a_leader_go_and_a_follower_hold(leader: Any, follower: Any) -> None:
    for bench in (leader, follower):
        bench.arm.connect()
        bench.arm.disconnect()
        bench.arm.disconnect()
        assert not bench.bus.is_open
    assert leader.values("Torque_Enable") == [0] * 6
    assert follower.values("Torque_Enable") == [1] * 6


def test_a_leader_in_trouble_is_closed_all_the_same(leader: Any) -> None:
    leader.arm.connect()
    leader.servo("gripper").fail(HardwareError.OVERLOAD)
    with pytest.raises(ServoAlertError):
        leader.arm.disconnect()
    assert not leader.bus.is_open


def test_an_unplugged_arm_is_lost_and_disconnects_quietly(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.arm.connect()

    def unplugged(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(bench.port, "writePort", unplugged)
    with pytest.raises(PortLostError):
        bench.arm.read()
    bench.arm.disconnect()


def test_a_goal_that_was_not_sent_is_not_the_last_one(
    follower: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower.arm.connect()
    last = follower.arm.command(np.zeros(6), 1.0)

    def unplugged(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(follower.port, "writePort", unplugged)
        with pytest.raises(PortLostError):
            follower.arm.command(np.zeros(6), 5.0)
    follower.bus.open()
    assert follower.arm.command(np.zeros(6), 0.0).tolist() == last.tolist()


def test_a_servo_that_restarts_is_told_until_the_arm_is_set_up_again(bench: Any) -> None:
    bench.arm.connect()
    bench.arm.read()
    bench.servo("gripper").reboot()  # the one that both kinds hold

    def found() -> str | None:
        try:
            bench.arm.read()
        except ServoError as error:
            return str(error)
        return None

    told = [found() for _ in range(20)]
    assert told[0] is None
    assert told[-1] is not None
    assert "has no torque any more" in told[-1]
    assert set(told[told.index(told[-1]) :]) == {told[-1]}
    bench.arm.connect()
    assert bench.servo("gripper").torque
    for _ in range(20):
        bench.arm.read()


def test_the_arm_says_who_it_is(bench: Any) -> None:
    identity = bench.arm.identity
    assert identity.joints == JOINTS
    assert identity.ids == (1, 2, 3, 4, 5, 6)
    assert identity.models == tuple(s.model.name for s in bench.simulated.servos)
    assert bench.arm.calibration == bench.calibration.as_mapping()
