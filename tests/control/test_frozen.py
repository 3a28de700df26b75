"""A computer that freezes while the follower moves: it goes where it was sent last, no farther."""

from itertools import islice

import numpy as np
import pytest

from lerecord.motors.dynamixel import XL430_W250
from tests.live import SETUP, SO101
from tests.transports import DrivenRig, LockStep

WATCHDOG = XL430_W250.registers["Bus_Watchdog"].address


@pytest.fixture(params=[SETUP, SO101], ids=["koch", "so101"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LockStep:
    return LockStep(monkeypatch, request.param)


def frozen_on_its_way(bench: LockStep, rig: DrivenRig) -> np.ndarray:
    """Let the computer freeze while the follower is on its way; the goals that stand then."""
    bench.align(rig)
    bench.move_leader()
    bench.run(rig, 5)
    goals = bench.follower("goal")
    assert np.abs(goals - bench.follower("position")).max() > 5
    for _ in range(100):
        bench.time.s += 0.01
        for servo in bench.arm("Follower").servos:
            servo.advance(bench.time.s)
    return goals


def test_it_stands_where_it_was_sent_last_and_is_held_there(bench: LockStep) -> None:
    with bench.rig() as rig:
        before = bench.follower("position")
        goals = frozen_on_its_way(bench, rig)
        np.testing.assert_array_equal(bench.follower("goal"), goals)
        assert np.abs(bench.follower("position") - goals).max() <= 2
        assert bench.follower("torque").all()
        assert np.abs(goals - before).max() < 4096 / 4
    assert not bench.follower("torque").any()


def test_a_bus_watchdog_would_stop_it_nowhere_else_and_then_refuse_to_park(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = LockStep(monkeypatch, SETUP)
    with bench.rig() as rig:
        for servo in bench.arm("Follower").servos:
            servo.write(WATCHDOG, b"\x05")  # 100 ms
        goals = frozen_on_its_way(bench, rig)
        tripped = [servo.value("Bus_Watchdog") for servo in bench.arm("Follower").servos]
        assert tripped == [-1] * 6
        assert bench.follower("torque").all()  # it is not let go
        frames = [rig.step(tick) for tick in islice(bench.pacer(), 5)]
        assert np.abs(frames[-1].action - frames[0].action).max() > 0
        stands = bench.follower("position")
        bench.run(rig, 30)
        np.testing.assert_array_equal(bench.follower("position"), stands)  # it cannot be parked
        assert np.abs(stands - goals).max() < 11  # under a degree short of it
