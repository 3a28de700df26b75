import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.simulator.rigs import GRIPPER, REST, forward, koch
from lerecord.simulator.scene import World, demonstration, return_home
from lerecord.simulator.scene.demonstrator import HOME, PHASES, RESET_S, minimum_jerk
from lerecord.simulator.scene.world import TARGET

SEEDS = st.integers(0, 2**32)
STEP_S = 0.005


def plan(seed: int) -> tuple[World, float, list[tuple[float, ...]]]:
    world = World(seed)
    motion = demonstration(HOME, world.box.flat_place(), seed)
    steps = int(motion.duration_s / STEP_S)
    return world, motion.duration_s, [motion.at(step * STEP_S).pose for step in range(steps)]


@settings(deadline=None)
@given(SEEDS)
def test_a_demonstration_takes_six_to_eight_seconds_and_ends_at_home(seed: int) -> None:
    world = World(seed)
    motion = demonstration(REST, world.box.flat_place(), seed)
    assert 6.0 <= motion.duration_s <= 8.0
    assert motion.at(0.0).pose == pytest.approx(REST, abs=1e-9)
    home = (*HOME[:GRIPPER], REST[GRIPPER])
    for late_s in (0.0, 0.3, 100.0):  # the hand still holds the leader, and trembles
        pose = motion.at(motion.duration_s + late_s).pose
        assert pose[:GRIPPER] == pytest.approx(home[:GRIPPER], abs=0.003)
        assert pose[GRIPPER] == pytest.approx(home[GRIPPER], abs=0.01)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_the_hand_moves_smoothly_and_within_the_joints(seed: int) -> None:
    _, _, poses = plan(seed)
    for before, after in itertools.pairwise(poses):
        for joint in range(GRIPPER):
            assert abs(after[joint] - before[joint]) < math.radians(250.0) * STEP_S
    for joint, mount in enumerate(koch.LEADER[:GRIPPER]):
        if mount.low is not None and mount.high is not None:
            assert mount.low < min(pose[joint] for pose in poses)
            assert max(pose[joint] for pose in poses) < mount.high


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.sampled_from([0.0, 0.5, 1.0]))
def test_no_joint_jumps_or_stands_still_when_the_hand_is_recorded(
    seed: int, trigger: float
) -> None:
    motion = demonstration((*HOME[:GRIPPER], trigger), World(seed).box.flat_place(), seed)
    ticks = np.arange(0.0, motion.duration_s + 0.3, 1 / 30)
    grips = [motion.at(float(tick)) for tick in ticks]
    assert all(grip.pressing for grip in grips)  # let go, the trigger would spring back
    poses = np.array([grip.pose for grip in grips])
    velocity = np.diff(poses, axis=0) * 30
    assert np.abs(velocity).max() < 5.0  # rad, and widths of the gripper, a second
    assert np.abs(np.diff(velocity, axis=0) * 30).max() < 25.0
    assert (np.abs(velocity) > 1e-9).all()


def test_the_trigger_is_closed_from_the_box_to_the_target() -> None:
    world = World(7)
    motion = demonstration(HOME, world.box.flat_place(), 7)
    poses = [motion.at(step * STEP_S).pose for step in range(int(motion.duration_s / STEP_S))]
    closed = [index for index, pose in enumerate(poses) if pose[GRIPPER] < 0.3]
    assert closed == list(range(closed[0], closed[-1] + 1))
    started, ended = (forward(poses[index]).tip for index in (closed[0], closed[-1]))
    assert started[:2] == pytest.approx(world.box.place[:2], abs=0.004)
    assert ended[:2] == pytest.approx(TARGET, abs=0.004)
    assert [phase.closed for phase in PHASES].count(True) == 4


def test_a_seed_repeats_and_another_differs() -> None:
    assert plan(5)[2] == plan(5)[2]
    one = demonstration(HOME, (0.2, 0.05, 0.1), 1).at(3.0)
    other = demonstration(HOME, (0.2, 0.05, 0.1), 2).at(3.0)
    assert one != other


@given(st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6))
def test_going_home_begins_where_the_leader_is(start: list[float]) -> None:
    motion = return_home(tuple(start), 0)
    assert motion.duration_s == RESET_S
    assert motion.at(0.0).pose == pytest.approx(start, abs=1e-9)
    assert motion.at(RESET_S).pose == pytest.approx(HOME, abs=1e-9)
    assert not motion.at(RESET_S / 2.0).pressing


@given(st.floats(-1.0, 2.0))
def test_minimum_jerk_is_a_share_and_symmetric(share: float) -> None:
    assert 0.0 <= minimum_jerk(share) <= 1.0
    assert minimum_jerk(share) + minimum_jerk(1.0 - share) == pytest.approx(1.0)


def test_minimum_jerk_starts_and_ends_at_rest() -> None:
    assert minimum_jerk(0.001) < 1e-7
    assert minimum_jerk(0.999) > 1.0 - 1e-7
    assert minimum_jerk(0.5) == pytest.approx(0.5)
