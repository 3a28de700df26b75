"""What may move a follower, on both transports: torque, goals and the largest step."""

import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from lerecord.arms import Calibration
from lerecord.arms.driven_arm import DrivenArm
from lerecord.errors import ConfigError
from lerecord.frame import Frame
from lerecord.recording.session import Command
from lerecord.ui.terminal import Signals
from tests.transports import RIGS_AND_TRANSPORTS, RigBench, rig_bench

ROUNDING = 1e-3  # of float32 units


@pytest.fixture(params=RIGS_AND_TRANSPORTS)
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[RigBench]:
    with rig_bench(request.param, monkeypatch) as made:
        yield made


def largest_step_of(goals: Sequence[NDArray[np.float32]]) -> float:
    """The farthest that a goal was from the one before it, in any joint, in units."""
    return float(np.abs(np.diff(goals, axis=0)).max())


def largest_step(frames: list[Frame]) -> float:
    return largest_step_of([frame.action for frame in frames])


@pytest.mark.parametrize(
    ("monotonic_s", "boottime_s", "told"),
    [
        (6.0, 6.0, "The recorder stood still for 6.0 s"),
        (0.02, 6.0, "The recorder stood still for 6.0 s"),  # suspended
        (0.02, 0.02, "of the main leader jumped by"),  # a virtual machine that was paused
    ],
)
def test_after_a_stall_the_follower_catches_up_at_ramp_speed(
    bench: RigBench, monotonic_s: float, boottime_s: float, told: str
) -> None:
    ramp_step = bench.config.safety.ramp_speed / bench.config.fps
    with bench.rig() as rig:
        bench.align(rig)
        before = bench.run(rig, 5)[-1]
        assert (rig.aligned, rig.interruption) == (True, None)
        with bench.time.stopped(monotonic_s, boottime_s):
            bench.move_leader()
        first = bench.run(rig, 1)[0]
        assert rig.interruption is not None
        assert told in rig.interruption
        assert not rig.aligned
        assert np.abs(first.requested - before.action).max() > 20 * ramp_step
        after = bench.align(rig)
        assert rig.interruption is None
        assert largest_step([before, first, *after]) <= ramp_step + ROUNDING
        assert bench.follower("torque").all()
    assert not bench.follower("torque").any()


def test_a_limit_that_the_leader_is_beyond_does_not_keep_the_follower_from_aligning(
    bench: RigBench,
) -> None:
    follower = bench.config.arms["main"].follower
    limited = follower.model_copy(update={"limits": {"shoulder_lift": [-40.0, 100.0]}})
    pair = bench.config.arms["main"].model_copy(update={"follower": limited})
    bench.config = bench.config.model_copy(update={"arms": {"main": pair}})
    ramp_step = bench.config.safety.ramp_speed / bench.config.fps
    with bench.rig() as rig:
        found = bench.follower("position")
        assert rig.limited() is not None
        frames = bench.align(rig)
        assert largest_step(frames) <= ramp_step + ROUNDING
        assert frames[-1].requested[1] < -70.0  # the leader lies on its stops
        assert abs(frames[-1].action[1] - -40.0) <= bench.config.safety.align_tolerance
        assert rig.limited() == (
            f"shoulder_lift of the main leader is at {frames[-1].requested[1]:.1f}, and the limits "
            f"or the calibrated range of the main follower keep it at least -40.0: it follows up "
            f"to there."
        )
        assert bench.follower("torque").all()
    assert not bench.follower("torque").any()
    # It was found beyond the limit, and is let go there: it would drop from anywhere else.
    assert np.abs(bench.follower("goal") - found).max() < 20


def test_a_slow_follower_gets_all_the_way_back_before_it_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with rig_bench("lock step", monkeypatch) as bench:
        safety = bench.config.safety.model_copy(update={"ramp_speed": 2.0})
        bench.config = bench.config.model_copy(update={"safety": safety})
        bench.move_leader()
        with bench.rig() as rig:
            found = bench.follower("position")
            frames = bench.run(rig, 1000)
            assert np.abs(frames[-1].action - frames[0].state).max() > 60.0
        assert np.abs(bench.follower("goal") - found).max() < 20
        assert not bench.follower("torque").any()


def test_a_follower_that_holds_another_calibration_is_refused_before_any_arm_is_set_up(
    bench: RigBench,
) -> None:
    right = bench.calibrations["main"]["follower"]
    held = right.joints["elbow_flex"]
    adds_offset = bench.config.arms["main"].follower.driver == "koch"
    elbow = replace(
        held,
        homing_offset=held.homing_offset + (380 if adds_offset else -380),
        range_min=held.range_min + 380,
        range_max=held.range_max + 380,
    )
    other = Calibration({**right.joints, "elbow_flex": elbow}, "left.json")
    swapped = {"main": {**bench.calibrations["main"], "follower": other}}
    before = bench.follower("position")
    with pytest.raises(ConfigError) as refused, bench.rig(swapped):
        pass
    assert "The servos of the main follower on " in str(refused.value)
    differs = f"homing_offset is {held.homing_offset}, not {elbow.homing_offset}"
    assert f"elbow_flex ({differs})" in str(refused.value)
    assert not bench.follower("torque").any()
    assert not bench.trigger_torque()  # the leader was examined, and nothing more
    np.testing.assert_array_equal(bench.follower("position"), before)
    with bench.rig():  # the servos still hold their own
        assert bench.follower("torque").all()
        assert bench.trigger_torque() == adds_offset  # an SO-101 leader has no trigger
    with bench.rig(swapped, write_calibration=True) as rig:
        assert rig.trouble() is None
    assert bench.follower("position")[2] == pytest.approx(before[2] + 380, abs=20)


def test_ctrl_backslash_parks_in_small_steps_and_lets_go(
    bench: RigBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp_step = bench.config.safety.ramp_speed / bench.config.fps
    sent: list[np.ndarray] = []
    park = DrivenArm.park

    def seen(arm: DrivenArm, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        sent.append(park(arm, goal, max_step))
        assert bench.follower("torque").all()
        return sent[-1]

    with Signals() as signals, bench.rig() as rig:
        signals.listen()
        found = rig.step(next(iter(bench.pacer()))).state
        bench.move_leader()
        bench.align(rig)
        monkeypatch.setattr(DrivenArm, "park", seen)
        os.kill(os.getpid(), signal.SIGQUIT)
        assert signals.poll() is Command.STOP
    assert not bench.follower("torque").any()
    assert len(sent) > 10
    assert largest_step_of(sent) <= ramp_step + ROUNDING
    assert np.abs(sent[-1] - found).max() < 1.0
