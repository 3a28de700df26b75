"""LeRobot's own writer appends to a dataset; then LeRobot reads every row of all of it.

    PLACE/bin/python tests/interop/lerobot_append.py DIR TASK ROWS [ROWS ...]

PLACE is an environment with LeRobot 0.3.3 for a dataset of v2.1, or with 0.6.1 for one of v3.0.
Each number of frames is an episode.
"""

import argparse
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def opened(root: Path) -> Any:
    return LeRobotDataset("local/appended", root, video_backend="pyav")


def frame_of(features: dict[str, Any], row: int, chooser: np.random.Generator) -> dict[str, Any]:
    """Values of no meaning, and images that move: noise would cost an encoder minutes."""
    frame: dict[str, Any] = {}
    for key, feature in features.items():
        if feature["dtype"] == "video":
            height, width, _ = feature["shape"]
            y, x = np.mgrid[:height, :width]
            frame[key] = (np.stack([x + 3 * row, y + row, x + y], axis=-1) % 256).astype(np.uint8)
        elif key.startswith(("action", "observation")):
            frame[key] = chooser.random(feature["shape"], dtype=np.float32) * 90
    return frame


def append(root: Path, task: str, lengths: Sequence[int]) -> Any:
    """Append episodes; the dataset as LeRobot opens it then, of which every row was read."""
    resume = getattr(LeRobotDataset, "resume", None)  # 0.6.1's way
    writer = opened(root) if resume is None else resume("local/appended", root)
    before, chooser = len(writer), np.random.default_rng(0)
    for length in lengths:
        for row in range(length):
            frame = frame_of(writer.features, row, chooser)
            if resume is None:
                writer.add_frame(frame, task=task)
            else:
                writer.add_frame({**frame, "task": task})
        writer.save_episode()
    if resume is not None:
        writer.finalize()
    again = opened(root)
    assert len(again) == before + sum(lengths), (len(again), before)
    for index in range(len(again)):
        again[index]
    return again


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("task")
    parser.add_argument("rows", type=int, nargs="+")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    again = append(arguments.root, arguments.task, arguments.rows)
    print(f"LeRobot has {again.num_episodes} episodes, {len(again)} frames, and read every one")


if __name__ == "__main__":
    main()
