"""A checkpoint of LeRobot, with stand-ins for LeRobot and torch in the other interpreter."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from lerecord.errors import LerecordError
from lerecord.policy import CameraInput, PolicyInput
from lerecord.policy.checkpoint import CheckpointPolicy

SEEN = PolicyInput(
    np.array([1.5, -2.0], np.float32), {"top": np.full((3, 4, 3), 51, np.uint8)}, "Grab it"
)

# What it loads: chunk k is the state, plus the mean of the image, plus k times the resets so far.
PEER = """
import sys
sys.path.insert(0, {source!r})
import peer, numpy as np
class Checkpoint:
    resets = 0
    def __init__(self, path, device):
        if path == "broken":
            raise ValueError("no such policy")
        print("loading on", device)
    def describe(self):
        return {{"kind": "act", "horizon": 3, "joints": 2, "images": {{"top": [4, 3]}}}}
    def reset(self):
        self.resets += 1
    def infer(self, state, images, task):
        if task == "fail":
            raise RuntimeError("out of memory")
        if task == "die":
            sys.exit(3)
        height, width, data = images["top"]
        assert (height, width, len(data)) == (3, 4, 36)
        lead = np.frombuffer(state, np.float32) + np.frombuffer(data, np.uint8).mean() / 255
        return (lead + self.resets * np.arange(3)[:, None]).astype(np.float32)
peer._Checkpoint = Checkpoint
peer.main(*sys.argv[1:])
"""


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    (tmp_path / "set" / "meta").mkdir(parents=True)
    info = {"fps": 30, "features": {"action": {"names": ["a.pos", "b.pos"]}}}
    (tmp_path / "set" / "meta" / "info.json").write_text(json.dumps(info), encoding="utf-8")
    return tmp_path / "set"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An interpreter that runs the stand-in in place of the script that it is given."""
    source = str(Path(sys.modules["lerecord"].__path__[0]) / "policy" / "checkpoint")
    (tmp_path / "stand_in.py").write_text(PEER.format(source=source), encoding="utf-8")
    script = f'#!/bin/sh\nshift 2\nexec {sys.executable} {tmp_path / "stand_in.py"} "$@"\n'
    (tmp_path / "python").write_text(script, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    return tmp_path / "python"


@pytest.fixture
def policy(python: Path, dataset: Path) -> Iterator[CheckpointPolicy]:
    made = CheckpointPolicy("somewhere", python, "cpu", dataset)
    yield made
    made.close()


def test_it_answers_as_the_checkpoint_does(policy: CheckpointPolicy) -> None:
    assert policy.features.joints == ("a.pos", "b.pos")
    assert (policy.features.fps, policy.features.horizon) == (30, 3)
    assert policy.features.cameras == (CameraInput("top", 4, 3),)
    first = policy.infer(SEEN).actions
    assert first == pytest.approx(np.array([[1.7, -1.8], [2.7, -0.8], [3.7, 0.2]]))
    assert np.array_equal(policy.infer(SEEN).actions, first)
    policy.reset()
    assert policy.infer(SEEN).actions[2] == pytest.approx([5.7, 2.2])


def test_an_error_there_is_a_sentence_here(policy: CheckpointPolicy) -> None:
    failing = PolicyInput(SEEN.state, SEEN.images, "fail")
    with pytest.raises(LerecordError, match="LeRobot says: RuntimeError: out of memory"):
        policy.infer(failing)
    assert policy.infer(SEEN).actions.shape == (3, 2)
    for _ in range(2):
        with pytest.raises(LerecordError, match="process has ended"):
            policy.infer(PolicyInput(SEEN.state, SEEN.images, "die"))


def test_what_does_not_load_is_a_sentence(python: Path, dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(LerecordError, match="LeRobot says: ValueError: no such policy"):
        CheckpointPolicy("broken", python, "cpu", dataset)
    with pytest.raises(LerecordError, match="cannot be run"):
        CheckpointPolicy("somewhere", tmp_path / "none", "cpu", dataset)
    with pytest.raises(LerecordError, match="give it with --dataset"):
        CheckpointPolicy("somewhere", python, "cpu", None)
    with pytest.raises(LerecordError, match="is no dataset that names its joints"):
        CheckpointPolicy("somewhere", python, "cpu", tmp_path)


def test_joints_of_another_dataset_are_refused(python: Path, dataset: Path) -> None:
    info = {"fps": 30, "features": {"action": {"names": ["a.pos"]}}}
    (dataset / "meta" / "info.json").write_text(json.dumps(info), encoding="utf-8")
    with pytest.raises(LerecordError, match="moves 2 joints and its dataset 1"):
        CheckpointPolicy("somewhere", python, "cpu", dataset)


def test_the_dataset_is_what_the_checkpoint_names(
    python: Path, dataset: Path, tmp_path: Path
) -> None:
    said = {"dataset": {"root": str(dataset)}}
    (tmp_path / "train_config.json").write_text(json.dumps(said), encoding="utf-8")
    policy = CheckpointPolicy(str(tmp_path), python, "cpu", None)
    assert policy.features.joints == ("a.pos", "b.pos")
    policy.close()
