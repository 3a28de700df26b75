"""LeRobot 0.3.3 appends to a dataset whose trash and staging are full; then lerecord goes on.

    python -m tests.interop.append_lerobot PLACE FOLDER

PLACE is an environment with LeRobot 0.3.3; the dataset is made in FOLDER, which must not exist.
LeRobot needs no network: HF_HUB_OFFLINE is set.
"""

import os
import subprocess
import sys
from pathlib import Path

from lerecord.dataset import edit, layout
from lerecord.dataset.verify import check
from lerecord.dataset.writer import DatasetWriter
from tests.dataset.conftest import HARDWARE, Lab

_APPEND = """
import sys
import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

data = LeRobotDataset("local/appended", root=sys.argv[1])
before = len(data)
rng = np.random.default_rng(0)
for row in range(9):
    frame = {"action": rng.normal(size=3).astype(np.float32)}
    frame["observation.state"] = rng.normal(size=3).astype(np.float32)
    for key in data.meta.video_keys:
        height, width, _ = data.meta.features[key]["shape"]
        x, y = np.meshgrid(np.arange(width), np.arange(height))
        pixels = np.stack([x + row, y, x + y], axis=-1) % 256
        frame[key] = pixels.astype(np.uint8)
    data.add_frame(frame, task=sys.argv[2])
data.save_episode()
again = LeRobotDataset("local/appended", root=sys.argv[1])
assert len(again) == before + 9, (len(again), before)
for index in range(len(again)):
    again[index]
print(f"LeRobot has {again.num_episodes} episodes, {len(again)} frames, and read every one")
"""


def append(place: str, root: Path, task: str) -> None:
    """Let LeRobot add an episode of 9 frames and read all of them."""
    subprocess.run(
        [f"{place}/bin/python", "-c", _APPEND, root, task],
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )


def told(root: Path) -> None:
    """Print what a check says, and stop at a finding."""
    report = check(root)
    for remark in report.remarks:
        print(f"  remark: {remark}")
    for finding in report.findings:
        print(f"  wrong: {finding}")
    if not report.sound:
        sys.exit("lerecord check is not content")


def main() -> None:
    """Record, edit, leave a take, append with LeRobot, go on."""
    place, root = sys.argv[1], Path(sys.argv[2])
    lab = Lab(root)
    lab.spec = lab.spec_with(hardware={**HARDWARE, "simulated": False})
    with lab.open() as writer:
        for index in range(3):
            lab.record(writer, f"task {index}", rows=12)
        writer.replace(1, lab.stage(writer, "again", rows=8))
        lab.stage(writer, "left", rows=5).close()
    edit.trim(root, 0, 0.1, 0.3)
    kept = [path for path in (root / layout.PRIVATE).rglob("*") if path.is_file()]
    print(f"{len(kept)} files lie in trash and staging")
    append(place, root, "by LeRobot")
    told(root)
    edit.delete(root, [1])
    edit.undo(root)
    edit.undo(root)
    told(root)
    with DatasetWriter.open(root) as writer:
        (left,) = writer.left_takes
        writer.salvage(left)
        print(f"lerecord has {writer.episodes} episodes")
    told(root)
    append(place, root, "by LeRobot")
    told(root)


if __name__ == "__main__":
    main()
