"""What LeRobot 0.6.1 writes, imported: frames, tasks, statistics and images are those it reads.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_import.py DIR [KEEP]

PLACE is an environment with LeRobot 0.6.1, DIR a dataset of v2.1 that is exported, appended to by
LeRobot and imported. KEEP is a folder that is not there yet, in which the imports stay.
"""

import argparse
import logging
import os
import tempfile
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from lerobot.configs.video import RGBEncoderConfig
from lerobot.datasets.lerobot_dataset import LeRobotDataset

import lerecord
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check

# A file beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")
expect = table.expect

LENGTHS = {"grab": 41, "push": 25, "grab again": 33, "fold": 12}
LARGEST_PICTURE_ERROR = 6
JOINTS = [f"joint_{number}.pos" for number in range(6)]
SIZES = {"front": (120, 160), "wrist": (96, 128)}
ENCODERS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "H.264, reordered": {
        "rgb_encoder": RGBEncoderConfig(vcodec="h264", g=10, crf=23, preset="medium")
    },
}


def written(root: Path, options: dict[str, Any]) -> None:
    """A dataset as LeRobot's own recorder leaves it."""
    vector = {"dtype": "float32", "shape": (len(JOINTS),), "names": JOINTS}
    features: dict[str, Any] = {"action": vector, "observation.state": vector}
    for name, size in SIZES.items():
        names = ["height", "width", "channels"]
        features[f"observation.images.{name}"] = {
            "dtype": "video",
            "shape": (*size, 3),
            "names": names,
        }
    writer = LeRobotDataset.create(
        "local/written", 30, features, root=root, robot_type="koch", **options
    )
    fill(writer, features, LENGTHS)
    writer.finalize()


def fill(writer: Any, features: dict[str, Any], lengths: dict[str, int]) -> None:
    random = np.random.default_rng(0)
    for number, (task, length) in enumerate(lengths.items()):
        for row in range(length):
            frame: dict[str, Any] = {"task": task.removesuffix(" again")}
            for key, feature in features.items():
                if feature["dtype"] == "video":
                    height, width, _ = feature["shape"]
                    y, x = np.mgrid[:height, :width]
                    colours = [2 * x + 3 * row + 40 * number, 2 * y + row, 5 * row + 50 * number]
                    planes = np.broadcast_arrays(*colours)
                    frame[key] = (np.stack(planes, axis=-1) % 256).astype(np.uint8)
                elif key.startswith(("action", "observation")):
                    frame[key] = random.random(feature["shape"], dtype=np.float32) * 90
            writer.add_frame(frame)
        writer.save_episode()


def imported(source: Path, root: Path, findings: list[str]) -> str:
    """Every frame and image of the import is what LeRobot reads of its source."""
    encoded = import_v30(source, root).encoded
    ours = lerecord.Dataset(root, images="float32")
    theirs = LeRobotDataset("local/source", source, video_backend="pyav")
    expect("rows", len(ours), len(theirs))
    expect("tasks", list(ours.tasks), list(theirs.meta.tasks.index))
    worst = 0.0
    for row in range(len(theirs)):
        mine, due = ours[row], theirs[row]
        for key, value in mine.items():
            if isinstance(value, str):
                expect(key, value, due[key])
            elif key in ours.camera_keys:
                worst = max(worst, float(np.abs(value - due[key].numpy()).max()) * 255)
            else:
                expect(f"{key} of frame {row}", value.tolist(), due[key].tolist())
    expect("images are near", worst <= LARGEST_PICTURE_ERROR, True)
    for key in ours.camera_keys:
        near = np.allclose(ours.stats[key].mean, theirs.meta.stats[key]["mean"], atol=1e-6)
        expect(f"the mean of {key}", near, True)
    expect("findings", [str(each) for each in check(root).findings], findings)
    return f"{len(ours)} frames, images within {worst:.0f} of 255, {encoded} encoded again"


def appended(original: Path, source: Path) -> None:
    """Our export, and two episodes that LeRobot appends to it."""
    export_v30(original, source)
    writer = LeRobotDataset.resume("local/source", source, video_backend="pyav")
    fill(writer, dict(lerecord.Dataset(original).features), {"appended": 25, "more": 40})
    writer.finalize()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("keep", type=Path, nargs="?")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    makers: dict[str, Callable[[Path], None]] = {
        f"theirs, {name}": partial(written, options=options) for name, options in ENCODERS.items()
    }
    ours = "ours, appended to"
    makers[ours] = partial(appended, arguments.root)
    with tempfile.TemporaryDirectory() as folder:
        keep = arguments.keep or Path(folder) / "imports"
        keep.mkdir(parents=True)

        def made(name: str) -> str:
            makers[name](Path(folder) / name)
            wrong = check(arguments.root).findings if name == ours else []
            return imported(Path(folder) / name, keep / name, [str(each) for each in wrong])

        checks = [table.Check(name, partial(made, name)) for name in makers]
        return 0 if table.report("imports of v3.0", checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
