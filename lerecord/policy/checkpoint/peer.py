"""Runs in LeRobot's own interpreter: loads a checkpoint and answers on stdout.

    PYTHON -P peer.py CHECKPOINT DEVICE

Each message is a line of JSON, then the bytes of its arrays in the order in which the line names
them. First out: the kind of policy, its horizon, and the images that it wants. In: {"state": D,
"images": {name: [height, width]}, "task": ..., "reset": ...}, float32 and RGB uint8. Out:
{"shape": [H, D]}, float32, or {"error": ...}. Nothing of lerecord is imported here.
"""

import json
import os
import sys
from collections.abc import Mapping
from typing import Any, BinaryIO

_IMAGES = "observation.images."


class _Checkpoint:
    """A policy of LeRobot with its processors, asked as LeRobot's PolicyServer asks it."""

    def __init__(self, path: str, device: str) -> None:
        from lerobot.configs.policies import PreTrainedConfig
        from lerobot.policies.factory import get_policy_class, make_pre_post_processors

        config = PreTrainedConfig.from_pretrained(path)
        self._policy = get_policy_class(config.type).from_pretrained(path)
        self._policy.to(device).eval()
        on_device = {"device_processor": {"device": device}}
        self._before, self._after = make_pre_post_processors(
            self._policy.config,
            pretrained_path=path,
            preprocessor_overrides=on_device,
            postprocessor_overrides=on_device,
        )

    def describe(self) -> dict[str, Any]:
        config = self._policy.config
        sizes = {key: feature.shape for key, feature in config.image_features.items()}
        return {
            "kind": config.type,
            "horizon": getattr(config, "chunk_size", None) or config.horizon,
            "joints": config.output_features["action"].shape[0],
            "images": {
                key.removeprefix(_IMAGES): [width, height]
                for key, (_, height, width) in sizes.items()
            },
        }

    def reset(self) -> None:
        self._policy.reset()

    def infer(self, state: bytes, images: Mapping[str, Any], task: str) -> Any:
        import numpy as np
        import torch

        batch: dict[str, Any] = {"task": task}
        batch["observation.state"] = torch.from_numpy(np.frombuffer(state, np.float32).copy())[None]
        for name, (height, width, data) in images.items():
            image = torch.from_numpy(np.frombuffer(data, np.uint8).copy())
            image = image.reshape(height, width, 3).permute(2, 0, 1)
            batch[_IMAGES + name] = image[None].float() / 255
        with torch.inference_mode():
            chunk = self._policy.predict_action_chunk(self._before(batch))
            actions = [self._after(chunk[:, place]) for place in range(chunk.shape[1])]
            return torch.stack(actions, dim=1)[0].float().cpu().numpy()


def _answer(checkpoint: _Checkpoint, asked: Mapping[str, Any], source: BinaryIO) -> Any:
    state = source.read(4 * asked["state"])
    images = {
        name: (height, width, source.read(3 * height * width))
        for name, (height, width) in asked["images"].items()
    }
    if asked["reset"]:
        checkpoint.reset()
    return checkpoint.infer(state, images, asked["task"])


def main(path: str, device: str) -> None:
    """Answer until the end of stdin."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no message

    def say(said: Mapping[str, Any], data: bytes = b"") -> None:
        out.write(json.dumps(said).encode() + b"\n" + data)
        out.flush()

    try:
        checkpoint = _Checkpoint(path, device)
        say(checkpoint.describe())
    except Exception as error:
        say({"error": f"{type(error).__name__}: {error}"})
        raise
    while line := sys.stdin.buffer.readline():
        try:
            actions = _answer(checkpoint, json.loads(line), sys.stdin.buffer)
            say({"shape": list(actions.shape)}, actions.tobytes())
        except Exception as error:
            say({"error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(*sys.argv[1:])
