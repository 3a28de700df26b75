"""The policy `lerobot:PATH`: starts LeRobot's interpreter and asks it."""

import contextlib
import json
import math
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lerecord.errors import ConfigError, LerecordError
from lerecord.policy.policy import CameraInput, Chunk, PolicyFeatures, PolicyInput

_PEER = Path(__file__).with_name("peer.py")
_MOST_NUMBERS = 1 << 20


class CheckpointError(LerecordError):
    """A checkpoint of LeRobot does not load, or does not answer."""


class CheckpointPolicy:
    """A checkpoint that LeRobot trained, with its pre- and post-processors.

    Args:
        path: a `pretrained_model` folder, or a name on the Hub.
        python: the interpreter of an environment with LeRobot.
        device: where the policy runs.
        dataset: what it was trained on, which says the names of the joints and the rate; None:
            what the checkpoint names as such.

    Raises:
        LerecordError: it does not load, or nothing says what its joints are.
    """

    def __init__(self, path: str, python: Path, device: str, dataset: Path | None) -> None:
        joints, fps = _described(dataset if dataset is not None else _trained_on(path))
        try:
            self._peer = subprocess.Popen(
                [python, "-P", _PEER, path, device],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us
            )
        except OSError as error:
            raise ConfigError(
                f"{python} cannot be run ({error.strerror}); give --lerobot the Python of an "
                f"environment with LeRobot."
            ) from error
        try:
            self.features = self._introduced(path, joints, fps)
            """What it was trained for."""
        except LerecordError:
            self.close()
            raise
        self._begins = True

    def _introduced(self, path: str, joints: tuple[str, ...], fps: int) -> PolicyFeatures:
        said = self._heard()
        if said["joints"] != len(joints):
            raise CheckpointError(
                f"{path} moves {said['joints']} joints and its dataset {len(joints)}; give "
                f"--dataset the one that it was trained on."
            )
        cameras = tuple(CameraInput(name, *size) for name, size in said["images"].items())
        return PolicyFeatures(joints, fps, said["horizon"], cameras)

    def infer(self, observation: PolicyInput) -> Chunk:
        """Ask the other interpreter."""
        images = {each.name: observation.images[each.name] for each in self.features.cameras}
        asked = {
            "state": len(observation.state),
            "images": {name: each.shape[:2] for name, each in images.items()},
            "task": observation.task,
            "reset": self._begins,
        }
        self._begins = False
        stdin = self._peer.stdin
        assert stdin is not None
        try:
            stdin.write(json.dumps(asked).encode() + b"\n")
            stdin.write(np.ascontiguousarray(observation.state, np.float32).tobytes())
            for image in images.values():
                stdin.write(np.ascontiguousarray(image).tobytes())
            stdin.flush()
        except BrokenPipeError as error:
            raise CheckpointError("LeRobot's process has ended; its output says why.") from error
        return Chunk(self._array(self._heard()["shape"]))

    def reset(self) -> None:
        """Tell it with the next observation."""
        self._begins = True

    def close(self) -> None:
        """End the other interpreter."""
        self._peer.kill()
        self._peer.wait()
        for pipe in (self._peer.stdin, self._peer.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _heard(self) -> Mapping[str, Any]:
        assert self._peer.stdout is not None
        line = self._peer.stdout.readline()
        if not line:
            raise CheckpointError("LeRobot's process has ended; its output says why.")
        said: Mapping[str, Any] = json.loads(line)
        if "error" in said:
            raise CheckpointError(f"LeRobot says: {said['error']}")
        return said

    def _array(self, shape: list[int]) -> np.ndarray[Any, np.dtype[np.float32]]:
        assert self._peer.stdout is not None
        count = math.prod(shape)
        if count > _MOST_NUMBERS:
            raise CheckpointError(f"LeRobot sent a chunk of {count} numbers.")
        return np.frombuffer(self._peer.stdout.read(4 * count), np.float32).reshape(shape)


def _trained_on(path: str) -> Path:
    """The folder of the dataset that the checkpoint was trained on."""
    try:
        said = json.loads((Path(path) / "train_config.json").read_text(encoding="utf-8"))
        return Path(said["dataset"]["root"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} does not say where the dataset is that it was trained on, and so not what its "
            f"joints are; give it with --dataset."
        ) from error


def _described(dataset: Path) -> tuple[tuple[str, ...], int]:
    """Names of the joints and the rate, as LeRobot's datasets of any version say them."""
    try:
        info = json.loads((dataset / "meta" / "info.json").read_text(encoding="utf-8"))
        joints, fps = info["features"]["action"]["names"], int(info["fps"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{dataset} is no dataset that names its joints ({type(error).__name__}); give the one "
            f"that the policy was trained on with --dataset."
        ) from error
    if not isinstance(joints, list) or not all(isinstance(each, str) for each in joints):
        raise ConfigError(f"{dataset} does not name the joints of its actions one by one.")
    return tuple(joints), fps
