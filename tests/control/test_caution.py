"""Servos of either make that are about to switch themselves off are told before they do."""

from typing import Any

import numpy as np
import pytest

from tests.live import SETUP, SO101
from tests.transports import DrivenRig, LockStep

LIMITS = {"koch": (72, 70), "so101": (70, 70)}  # of the shoulder and of the elbow, from the tables
SHOULDER, ELBOW = 1, 2


@pytest.fixture(params=[SETUP, SO101], ids=["koch", "so101"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LockStep:
    monkeypatch.setattr("lerecord.motors.strain._EVERY_READS", 15)
    return LockStep(monkeypatch, request.param)


def servo(bench: LockStep, joint: int) -> Any:
    return bench.arm("Follower").servos[joint]


def heat(bench: LockStep, joint: int, below_limit: int) -> None:
    held: Any = getattr(servo(bench, joint), "protection", servo(bench, joint))
    held.celsius = limit(bench, joint) - below_limit


def limit(bench: LockStep, joint: int) -> int:
    return LIMITS[bench.config.arms["main"].follower.driver][joint - 1]


def until(bench: LockStep, rig: DrivenRig, told: bool) -> str | None:
    for _ in range(40):
        bench.run(rig, 10)
        if (rig.caution() is not None) == told:
            return rig.caution()
    raise AssertionError(rig.caution())


def test_a_servo_that_gets_hot_is_told_until_it_has_cooled_down(bench: LockStep) -> None:
    with bench.rig() as rig:
        bench.align(rig)
        assert rig.caution() is None
        heat(bench, ELBOW, 5)
        caution = until(bench, rig, told=True)
        assert caution == (
            f"elbow_flex of the main follower is at {limit(bench, ELBOW) - 5} degrees, and its "
            f"servo switches off at {limit(bench, ELBOW)}: let the arm rest until it has cooled "
            f"down."
        )
        heat(bench, ELBOW, 3)
        bench.run(rig, 40)
        assert rig.caution() == caution  # told once, whatever the degrees do
        heat(bench, ELBOW, 9)
        until(bench, rig, told=False)
        assert rig.trouble() is None


def test_a_joint_that_pushes_against_what_blocks_it_is_told(bench: LockStep) -> None:
    with bench.rig() as rig:
        bench.align(rig)
        shoulder = servo(bench, SHOULDER)
        shoulder.world.low = shoulder.world.high = shoulder.shaft
        leader = bench.arm("Leader")
        leader.hold(SHOULDER, leader.pose()[SHOULDER] + 0.8)
        caution = until(bench, rig, told=True)
        assert caution is not None
        assert caution.startswith("shoulder_lift of the main follower pushes with ")
        assert "% of its strength and does not move: free it from what blocks it" in caution
        shoulder.world.low, shoulder.world.high = -np.inf, np.inf
        until(bench, rig, told=False)


def test_a_gripper_that_holds_something_is_none(bench: LockStep) -> None:
    with bench.rig() as rig:
        bench.align(rig)
        gripper = bench.arm("Follower").servos[-1]
        gripper.world.low = gripper.world.high = gripper.shaft
        leader = bench.arm("Leader")
        leader.hold(5, leader.pose()[5] + 0.6)
        frames = bench.run(rig, 60)
        assert np.abs(frames[-1].action[5] - frames[-1].state[5]) > 20
        assert rig.caution() is None


def test_a_driver_that_moves_fast_is_no_strain(bench: LockStep) -> None:
    with bench.rig() as rig:
        bench.align(rig)
        bench.move_leader()
        for _ in range(60):
            bench.run(rig, 1)
            assert rig.caution() is None
