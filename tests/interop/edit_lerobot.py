"""LeRobot 0.3.3 writes a dataset, lerecord edits it, and LeRobot reads all of it after each edit.

    python -m tests.interop.edit_lerobot PLACE FOLDER

PLACE is an environment with LeRobot 0.3.3; the datasets are made in FOLDER, which must not exist.
LeRobot needs no network: HF_HUB_OFFLINE is set. Each row's state tells which row it was, and so
does the brightness of its images, so that LeRobot's samples prove what is where.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.verify import check
from tests.interop.report import Check, expect, report

_HEAD = """
import json
import sys
import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

KEYS = {"observation.images.front": (240, 320), "observation.images.wrist": (96, 128)}

def frame_of(row):
    frame = {
        "action": np.array([row / 3, 100 - row], np.float32),
        "observation.state": np.array([row / 7, -row, row / 2], np.float32),
    }
    for key, (height, width) in KEYS.items():
        grey = 40 + 3 * (37 * row % 61) + np.arange(width) // 32
        frame[key] = np.broadcast_to(grey[None, :, None], (height, width, 3)).astype(np.uint8)
    return frame
"""

_WRITE = f"""{_HEAD}
def named(names):
    return names if sys.argv[2] == "list" else {{"motors": names}}

joints, base = ["pan.pos", "lift.pos", "gripper.pos"], ["x.vel", "y.vel"]
features = {{
    "action": {{"dtype": "float32", "shape": (2,), "names": named(base)}},
    "observation.state": {{"dtype": "float32", "shape": (3,), "names": named(joints)}},
}}
for key, size in KEYS.items():
    names = ["height", "width", "channels"]
    features[key] = {{"dtype": "video", "shape": (*size, 3), "names": names}}
data = LeRobotDataset.create(
    "local/made", 30, features, root=sys.argv[1], robot_type="lekiwi", use_videos=True
)
row = 0
for task, length in (("grab", 20), ("push", 23), ("grab", 18)):
    for _ in range(length):
        data.add_frame(frame_of(row), task=task)
        row += 1
    data.save_episode()
"""

_READ = f"""{_HEAD}
data = LeRobotDataset("local/made", root=sys.argv[1])
episodes = [["", []] for _ in range(data.num_episodes)]
for index in range(len(data)):
    sample = data[index]
    row = round(-float(sample["observation.state"][1]))
    due = frame_of(row)
    for key in ("action", "observation.state"):
        assert (sample[key].numpy() == due[key]).all(), (index, key)
    for key in KEYS:
        shown = sample[key].numpy().transpose(1, 2, 0) * 255
        apart = np.abs(shown - due[key]).mean()
        # Every other row is 3 or more apart.
        assert apart < 1.4, (index, key, apart)
    episode = episodes[int(sample["episode_index"])]
    assert episode[0] in ("", sample["task"])
    episode[0] = sample["task"]
    assert int(sample["frame_index"]) == len(episode[1])
    assert int(sample["index"]) == index
    episode[1].append(row)
assert set(data.meta.stats) == set(data.features)
print(json.dumps(episodes))
"""

Episodes = list[tuple[str, range]]
MADE: Episodes = [("grab", range(20)), ("push", range(20, 43)), ("grab", range(43, 61))]
_X, _Y, _Z = MADE

EDITS: list[tuple[str, Callable[[Path], object], Episodes]] = [
    ("delete 0", lambda root: operations.delete(root, [0]), [_Y, _Z]),
    ("undo", operations.undo, MADE),
    ("redo", operations.redo, [_Y, _Z]),
    ("undo again", operations.undo, MADE),
    (
        "trim 1",
        lambda root: operations.trim(root, 1, 5 / 30, 16 / 30),
        [_X, ("push", range(25, 36)), _Z],
    ),
    (
        "relabel 2",
        lambda root: operations.relabel(root, [2], "lift"),
        [_X, ("push", range(25, 36)), ("lift", _Z[1])],
    ),
    ("undo of the relabelling", operations.undo, [_X, ("push", range(25, 36)), _Z]),
    ("undo of the trim", operations.undo, MADE),
    (
        "rename-task",
        lambda root: operations.rename_task(root, "grab", "take"),
        [("take", _X[1]), _Y, ("take", _Z[1])],
    ),
    (
        "transcode",
        lambda root: operations.transcode(root, "default"),
        [("take", _X[1]), _Y, ("take", _Z[1])],
    ),
    (
        "delete 1",
        lambda root: operations.delete(root, [1]),
        [("take", _X[1]), ("take", _Z[1])],
    ),
]


def _lerobot(place: str, program: str, *arguments: object) -> str:
    ran = subprocess.run(
        [f"{place}/bin/python", "-c", program, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "SVT_LOG": "1"},
    )
    if ran.returncode:
        sys.stderr.write(ran.stderr)
        raise RuntimeError(f"LeRobot ended with {ran.returncode}")
    return ran.stdout


def _read(place: str, root: Path, due: Episodes) -> str:
    """Let LeRobot read every sample, and lerecord check every file."""
    seen = json.loads(_lerobot(place, _READ, root).splitlines()[-1])
    expect("the episodes", seen, [[task, list(rows)] for task, rows in due])
    expect("what is wrong", [str(each) for each in check(root).findings], [])
    expect(
        "a rig or a sidecar",
        [(root / n).exists() for n in (layout.HARDWARE, "capture")],
        [False] * 2,
    )
    return f"{len(seen)} episodes, {sum(len(rows) for _, rows in seen)} samples right"


def _edited(place: str, root: Path, operation: Callable[[Path], object], due: Episodes) -> str:
    operation(root)
    return _read(place, root, due)


def main() -> int:
    """Write, then edit and read in turn."""
    place, folder = sys.argv[1], Path(sys.argv[2])
    agree = True
    for form in ("list", "motors"):
        root = folder / form
        _lerobot(place, _WRITE, root, form)
        checks = [Check("as LeRobot wrote it", partial(_read, place, root, MADE))]
        checks += [
            Check(name, partial(_edited, place, root, operation, due))
            for name, operation, due in EDITS
        ]
        agree &= report(f"names of joints: {form}", checks)
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
