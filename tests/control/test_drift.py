"""Arms that stand alike and are not measured alike are told before anything moves."""

import math
import re
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from lerecord.control import DriftWatch
from lerecord.control.park_poses import ParkedArm, ParkPoses
from lerecord.errors import ConfigError
from tests.live import SETUP, SO101
from tests.transports import DrivenRig, LockStep

WRIST = 3  # wrist_flex, which rests far from its stops
SLIP = 17 * 4096 / 360
MAKES = [SETUP, SO101]


@pytest.fixture(params=MAKES, ids=["koch", "so101"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> LockStep:
    return LockStep(monkeypatch, request.param)


@pytest.fixture
def poses(tmp_path: Path) -> ParkPoses:
    return ParkPoses(tmp_path / "poses")


def slip(bench: LockStep, counts: float = SLIP) -> None:
    """The horn of the follower's wrist slips: it rests where it did, and measures another pose."""
    world = bench.arm("Follower").servos[WRIST].world
    bench.arm("Follower").servos[WRIST].shaft += counts
    world.low, world.high = world.low + counts, world.high + counts
    assert world.slump is not None
    world.slump += counts


def session(bench: LockStep, poses: ParkPoses, accepted: bool = False) -> DrivenRig:
    rig = bench.rig()
    rig.drift_watch = DriftWatch(bench.config.safety.max_drift, bench.config.units, poses, accepted)
    return rig


@pytest.mark.parametrize("units", ["normalized", "degrees"])
@pytest.mark.parametrize("counts", [SLIP, -SLIP])
def test_a_joint_17_degrees_off_its_leader_is_named_and_nothing_moves(
    bench: LockStep, poses: ParkPoses, units: str, counts: float
) -> None:
    bench.config = bench.config.model_copy(update={"units": units})
    slip(bench, counts)
    with session(bench, poses) as rig:
        found = bench.follower("goal")
        frames = bench.run(rig, 30)
        told = rig.drift()
        assert told is not None
        assert told.startswith("The main leader and the main follower are measured apart: wrist_")
        assert told.count(" by ") == 1
        assert units == "normalized" or re.search(r" by 1(6\.9|7\.[01]) degrees \(", told)
        np.testing.assert_array_equal(bench.follower("goal"), found)
        assert abs(frames[-1].requested[WRIST] - frames[-1].state[WRIST]) > 8  # for the screen

        leader = bench.arm("Leader")
        leader.hold(WRIST, leader.pose()[WRIST] + math.radians(counts * 360 / 4096))
        bench.align(rig)
        assert rig.drift() is None
        leader.hold(WRIST, None)
        bench.move_leader()
        assert np.abs(bench.run(rig, 60)[-1].action - frames[-1].action).max() > 8
        assert rig.drift() is None  # asked before the first take, and not again


def test_arms_that_agree_are_told_nothing(bench: LockStep, poses: ParkPoses) -> None:
    slip(bench, SLIP / 4)
    for _ in range(2):
        with session(bench, poses) as rig:
            assert rig.drift() is None
            bench.move_leader()
            bench.run(rig, 60)
        for joint in range(6):
            bench.arm("Leader").hold(joint, None)
        bench.rest_leader()


def test_a_follower_that_slipped_between_two_sessions_is_named_until_that_is_accepted(
    bench: LockStep, poses: ParkPoses
) -> None:
    with session(bench, poses):
        pass
    slip(bench)
    leader = bench.arm("Leader")
    leader.hold(WRIST, leader.pose()[WRIST] + math.radians(17))  # a leader tells nothing here
    for _ in range(2):  # what nobody has accepted is not where it belongs
        with session(bench, poses) as rig:
            bench.run(rig, 3)
            told = rig.drift()
            assert told is not None
            assert told.startswith(
                "The main follower is not where the last session parked it: wrist_flex by "
            )
    with session(bench, poses) as rig:
        bench.run(rig, 3)
        rig.accept_drift()
        bench.run(rig, 3)
        assert rig.drift() is None
    with session(bench, poses) as rig:
        assert rig.drift() is None


def test_what_is_accepted_from_the_start_is_not_told(bench: LockStep, poses: ParkPoses) -> None:
    slip(bench)
    with session(bench, poses, accepted=True) as rig:
        bench.run(rig, 1)
        assert rig.drift() is None


ARM = ParkedArm("main", "normalized", {"shoulder_pan": {"id": 1}, "gripper": {"id": 6}})
POSE = np.array([1.5, -2.5], np.float32)


def test_a_pose_is_kept_for_each_arm(poses: ParkPoses) -> None:
    poses.keep(ARM, POSE)
    kept = poses.kept(ARM)
    assert kept is not None
    np.testing.assert_array_equal(kept, POSE)
    for other in (
        ParkedArm("left", ARM.units, ARM.calibration),
        ParkedArm(ARM.pair, "degrees", ARM.calibration),
        ParkedArm(ARM.pair, ARM.units, {**ARM.calibration, "gripper": {"id": 7}}),
    ):
        assert poses.kept(other) is None


def test_a_write_that_is_cut_off_leaves_the_pose_before(
    poses: ParkPoses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    poses.keep(ARM, POSE)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        poses.keep(ARM, POSE + 1)
    kept = poses.kept(ARM)
    assert kept is not None
    np.testing.assert_array_equal(kept, POSE)


@pytest.mark.parametrize("text", ["", '{"shoulder_pan": 1.5}', "[]", '{"shoulder_pan": "x"}'])
def test_a_pose_that_cannot_be_read_is_told_with_its_file(
    poses: ParkPoses, tmp_path: Path, text: str
) -> None:
    poses.keep(ARM, POSE)
    (path,) = (tmp_path / "poses").iterdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=path.name):
        poses.kept(ARM)


def test_a_state_folder_that_cannot_be_written_ends_no_session(
    bench: LockStep, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    with session(bench, ParkPoses(tmp_path / "file" / "poses")) as rig:
        bench.run(rig, 1)
    assert not bench.follower("torque").any()
    assert "Where the main follower was parked is not kept (" in capsys.readouterr().err


def test_poses_are_below_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ParkPoses.of_user({"HOME": str(tmp_path), "XDG_STATE_HOME": "relative"}).keep(ARM, POSE)
    ParkPoses.of_user({"HOME": "/", "XDG_STATE_HOME": str(tmp_path / "s")}).keep(ARM, POSE)
    folders = {path.parent.relative_to(tmp_path) for path in islice(tmp_path.rglob("*.json"), 9)}
    assert folders == {Path(".local/state/lerecord/park_poses"), Path("s/lerecord/park_poses")}


def test_without_a_home_no_pose_is_kept() -> None:
    nowhere = ParkPoses(None)
    assert nowhere.kept(ARM) is None
    with pytest.raises(OSError, match="this user has no home folder"):
        nowhere.keep(ARM, POSE)
