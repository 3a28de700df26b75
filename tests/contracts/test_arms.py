"""What every driver in lerecord/arms promises."""

from dataclasses import asdict, fields
from typing import Any

import numpy as np
import pytest

from lerecord import drivers
from lerecord.errors import DeviceError
from lerecord.motors import BusError
from tests.contracts.conftest import BUSES

DRIVERS = [
    pytest.param(getattr(drivers.load("arms", name), kind), id=f"{name}-{kind}")
    for name in BUSES
    for kind in ("Leader", "Follower")
]


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_driver_says_which_servos_and_calibrations_it_wants(driver: Any) -> None:
    assert len({motor.name for motor in driver.motors}) == len(driver.motors) > 0
    assert len({motor.id for motor in driver.motors}) == len(driver.motors)
    folder = "teleoperators/" if driver.__name__ == "Leader" else "robots/"
    assert driver.calibration_names
    assert all(name.startswith(folder) for name in driver.calibration_names)


def test_every_driver_with_servos_is_looked_at() -> None:
    loaded = {name: drivers.load("arms", name) for name in drivers.names("arms")}
    assert set(BUSES) == {name for name, each in loaded.items() if each.Follower.motors}


@pytest.mark.parametrize("name", BUSES)
def test_leader_and_follower_of_a_driver_have_the_same_joints(name: str) -> None:
    module = drivers.load("arms", name)
    leader, follower = ([m.name for m in arm.motors] for arm in (module.Leader, module.Follower))
    assert leader == follower


def test_an_arm_is_described_before_it_is_connected(either: Any) -> None:
    arm = either.arm
    assert arm.joints == tuple(motor.name for motor in arm.motors)
    assert set(arm.calibration) == set(arm.joints)
    assert arm.features == tuple(f"{joint}.pos" for joint in arm.joints)
    assert {len(value) for value in asdict(arm.identity).values()} == {len(arm.joints)}
    assert arm.counters.transactions == 0


@pytest.mark.parametrize("units", ["normalized", "degrees"])
@pytest.mark.parametrize("kind", ["Leader", "Follower"])
def test_reading_gives_one_finite_float32_a_joint(simulate: Any, kind: str, units: str) -> None:
    arm = simulate(kind, units).arm
    arm.connect()
    position = arm.read()
    assert position.dtype == np.float32
    assert position.shape == (len(arm.joints),)
    assert np.all(np.isfinite(position))
    assert not np.shares_memory(position, arm.read())
    bound = 100.0 if units == "normalized" else 360.0
    assert np.all(np.abs(position) <= bound)


def test_before_connect_and_after_disconnect_nothing_is_read(either: Any) -> None:
    with pytest.raises(BusError):
        either.arm.read()
    either.arm.connect()
    either.arm.disconnect()
    either.arm.disconnect()
    assert not either.bus.is_open
    with pytest.raises(BusError):
        either.arm.read()


def test_an_arm_can_be_connected_again(either: Any) -> None:
    for _ in range(3):
        either.arm.connect()
        either.arm.read()
        either.arm.disconnect()


def test_connecting_without_every_servo_fails_and_closes_the_port(either: Any) -> None:
    missing = either.arm.motors[2]
    either.silence([missing.id])
    with pytest.raises(
        DeviceError, match=rf"[Ss]ervo {missing.id} \({missing.name}\) of the tested"
    ):
        either.arm.connect()
    assert not either.bus.is_open
    assert not any(either.torque())
    either.silence([])
    either.arm.connect()


def test_a_read_that_fails_raises_and_the_next_one_is_right(either: Any) -> None:
    either.arm.connect()
    either.wait(2.0)  # a leader's gripper springs to its place
    before = either.arm.read()
    either.silence([motor.id for motor in either.arm.motors])
    with pytest.raises(BusError):
        either.arm.read()
    either.silence([])
    assert either.arm.read() == pytest.approx(before, abs=2.0)


def test_counters_only_count_up(either: Any) -> None:
    seen = [0] * len(fields(either.arm.counters))
    either.arm.connect()
    for silent in ([], [either.arm.motors[0].id], []):
        either.silence(silent)
        try:
            either.arm.read()
        except BusError:
            assert silent
        now = list(asdict(either.arm.counters).values())
        assert all(new >= old for new, old in zip(now, seen, strict=True))
        assert now != seen
        seen = now


def test_connecting_a_follower_moves_nothing(follower: Any) -> None:
    before = follower.shafts()
    follower.arm.connect()
    assert all(follower.torque())
    follower.wait(1.0)
    assert follower.shafts() == pytest.approx(before, abs=1.5)


def test_the_first_goal_starts_at_the_measured_position(follower: Any) -> None:
    follower.arm.connect()
    measured = follower.arm.read()
    for far in (-1000.0, 1000.0):
        fresh = follower.arm.command(np.full(measured.shape, far), 0.0)
        assert fresh == pytest.approx(measured, abs=4.0)  # measured is kept within the range


@pytest.mark.parametrize("max_step", [0.0, 0.01, 3.0])
def test_no_goal_is_farther_than_a_step_from_the_one_before(follower: Any, max_step: float) -> None:
    follower.arm.connect()
    last = follower.arm.command(follower.arm.read(), 0.0)
    for goal in np.random.default_rng(7).uniform(-500.0, 500.0, (30, len(last))):
        sent = follower.arm.command(goal, max_step)
        assert sent.dtype == np.float32
        assert np.all(np.abs(sent - last) <= max_step + 1e-4)
        last = sent


def test_the_follower_arrives_at_a_goal_and_says_so(follower: Any) -> None:
    follower.arm.connect()
    goal = np.full(len(follower.arm.joints), 40.0)
    for _ in range(100):
        sent = follower.arm.command(goal, 5.0)
        follower.wait(0.03)
    follower.wait(1.0)
    assert sent == pytest.approx(goal)
    assert follower.arm.read() == pytest.approx(goal, abs=0.5)


def test_goals_stay_within_the_calibrated_range(follower: Any) -> None:
    follower.arm.connect()
    for _ in range(100):
        sent = follower.arm.command(np.full(len(follower.arm.joints), 1e6), 20.0)
    assert np.all(sent <= 100.0)


def test_a_goal_that_is_not_finite_is_never_sent(follower: Any) -> None:
    follower.arm.connect()
    before = follower.arm.counters.transactions
    goal = np.zeros(len(follower.arm.joints))
    goal[-1] = np.nan
    with pytest.raises(ValueError, match="no goal"):
        follower.arm.command(goal, 1.0)
    assert follower.arm.counters.transactions == before


def test_a_follower_holds_until_it_is_released(follower: Any) -> None:
    follower.arm.connect()
    follower.arm.disconnect()
    assert all(follower.torque())
    follower.arm.connect()
    follower.arm.release()
    assert not any(follower.torque())


def test_a_leader_is_left_without_torque(simulate: Any) -> None:
    leader = simulate("Leader", "normalized")
    leader.arm.connect()
    leader.arm.disconnect()
    assert not any(leader.torque())


def test_a_follower_goes_limp_joint_by_joint_and_is_held_where_it_then_is(follower: Any) -> None:
    arm = follower.arm
    arm.connect()
    assert arm.goes_limp
    arm.loosen(arm.joints[-1:])
    arm.loosen(arm.joints[3:5])
    assert follower.torque() == [True, True, True, False, False, False]
    moved = arm.command(arm.read() + 5.0, 5.0)
    follower.wait(1.0)
    arm.hold_here()
    assert all(follower.torque())
    held = arm.read()
    assert np.abs(held[3:] - moved[3:]).max() > 1.0  # what was limp did not follow
    follower.wait(1.0)
    np.testing.assert_allclose(arm.read(), held, atol=0.2)
    np.testing.assert_allclose(arm.command(held + 9.0, 2.0), held + 2.0, atol=0.2)
