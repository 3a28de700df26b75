"""Datasets of many shapes that LeRobot writes: lerecord is content and reads them alike.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_shapes.py [FOLDER]

PLACE is an environment with LeRobot 0.3.3, which writes v2.1, or 0.6.1, which writes v3.0 and whose
datasets are imported. The datasets stay in FOLDER, which must not exist.
"""

import argparse
import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("SVT_LOG", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

import lerecord
from lerecord.dataset.overview import summary
from lerecord.dataset.v30 import import_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError

# Files beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")
expect = table.expect
compared: Callable[[dict[str, Any], dict[str, Any]], int] = import_module("samples").compared

OLD = version("lerobot").startswith("0.3")
SAMPLES = 40
FRONT, WRIST = "observation.images.front", "observation.images.wrist"
IMAGES = "The feature {} keeps its images in the data files; lerecord reads videos."
Features = Mapping[str, Mapping[str, Any]]


def vector(width: int, names: object = None, dtype: str = "float32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": (width,), "names": names}


def camera(dtype: str = "video", height: int = 48, width: int = 64) -> dict[str, Any]:
    names = ["height", "width", "channels"]
    return {"dtype": dtype, "shape": (height, width, 3), "names": names}


ARM: Features = MappingProxyType(
    {"action": vector(2, ["pan", "lift"]), "observation.state": vector(2, ["pan", "lift"])}
)


@dataclass(frozen=True)
class Shape:
    """A dataset.

    Attributes:
        features: as LeRobot is given them.
        lengths: frames of each episode.
        tasks: of the episodes, in turn.
        changes: True when the task also changes in the middle of an episode.
        refusal: what lerecord says instead of reading it.
    """

    features: Features
    lengths: tuple[int, ...] = (12, 7, 9)
    tasks: tuple[str, ...] = ("grab",)
    changes: bool = False
    fps: int = 30
    robot_type: str | None = "koch"
    refusal: str | None = None


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "no camera": Shape(ARM),
        "one camera": Shape({**ARM, FRONT: camera()}),
        "two cameras": Shape({**ARM, FRONT: camera(), WRIST: camera(height=64, width=48)}),
        "images in parquet": Shape({**ARM, FRONT: camera("image")}, refusal=IMAGES.format(FRONT)),
        "a video and an image": Shape(
            {**ARM, FRONT: camera(), WRIST: camera("image")}, refusal=IMAGES.format(WRIST)
        ),
        "vision only": Shape({FRONT: camera()}),
        "several tasks": Shape(ARM, (5, 6, 7, 8), ("grab", "push", "grüß dich 抓")),
        "tasks within episodes": Shape(ARM, (6, 8), ("grab", "push"), changes=True),
        "one frame": Shape({**ARM, FRONT: camera()}, (1,)),
        "1,002 episodes": Shape(ARM, (2,) * 1002),
        "int, bool, double": Shape(
            {
                **ARM,
                "next.done": vector(1, dtype="bool"),
                "counts": vector(3, dtype="int64"),
                "next.reward": vector(1, dtype="float64"),
            }
        ),
        "language": Shape({**ARM, "language_instruction": vector(1, dtype="string")}),
        "a vector of one": Shape({"action": vector(1), "observation.state": vector(1, ["grip"])}),
        "names of motors": Shape({"action": vector(2, {"motors": ["a", "b"]})}),
        "one string as names": Shape({"action": vector(2, "ab")}),
        "a matrix": Shape({**ARM, "touch": {"dtype": "float32", "shape": (2, 3), "names": None}}),
        "another fps, no robot": Shape({**ARM, FRONT: camera()}, fps=7, robot_type=None),
    }
)


def value(feature: Mapping[str, Any], frame: int, chooser: np.random.Generator) -> Any:
    """What a frame has of a feature; images move slowly, so that an encoder has little to do."""
    shape, dtype = feature["shape"], feature["dtype"]
    if dtype in ("video", "image"):
        y, x = np.mgrid[: shape[0], : shape[1]]
        return (np.stack([x + 3 * frame, y + frame, x + y], axis=-1) % 256).astype(np.uint8)
    if dtype == "string":
        return f"step {frame}"
    return (chooser.random(shape) * 90).astype(dtype) if dtype != "bool" else np.array([frame > 3])


def written(root: Path, shape: Shape) -> None:
    """The dataset, as LeRobot writes it."""
    cameras = any(each["dtype"] == "video" for each in shape.features.values())
    writer = LeRobotDataset.create(
        "local/shape",
        shape.fps,
        {key: dict(feature) for key, feature in shape.features.items()},
        root=root,
        robot_type=shape.robot_type,
        use_videos=cameras,
    )
    chooser = np.random.default_rng(0)
    for episode, length in enumerate(shape.lengths):
        for frame in range(length):
            turn = episode + (frame > length // 2 if shape.changes else 0)
            made = {key: value(each, frame, chooser) for key, each in shape.features.items()}
            task = shape.tasks[turn % len(shape.tasks)]
            writer.add_frame(made, task=task) if OLD else writer.add_frame({**made, "task": task})
        writer.save_episode()
    if not OLD:
        writer.finalize()


def narrowed(sample: dict[str, Any]) -> dict[str, Any]:
    """A sample with doubles as LeRobot hands them over; lerecord keeps the type of the column."""
    return {
        key: value.astype(np.float32) if getattr(value, "dtype", None) == np.float64 else value
        for key, value in sample.items()
    }


def read_alike(source: Path, root: Path) -> str:
    """Compare lerecord's samples with LeRobot's."""
    ours = lerecord.Dataset(root, images="float32")
    theirs = LeRobotDataset("local/shape", source, video_backend="pyav")
    expect("frames", len(ours), len(theirs))
    chosen = np.unique(np.linspace(0, len(ours) - 1, SAMPLES).astype(int)).tolist()
    worst = max(compared(narrowed(ours[index]), theirs[index]) for index in chosen)
    return f"{len(chosen)} samples the same, images within {worst} of 255"


def seen(folder: Path, name: str) -> str:
    """Write a shape, check it, look at it and read it."""
    source, shape = folder / name, SHAPES[name]
    written(source, shape)
    root = source if OLD else folder / f"{name}, imported"
    try:
        if not OLD:
            import_v30(source, root)
        report = check(root)
        expect("findings", [str(each) for each in report.findings], [])
        overview = summary(root)
        episodes, frames = len(shape.lengths), sum(shape.lengths)
        expect("episodes and frames", (overview.episodes, overview.frames), (episodes, frames))
        seen = read_alike(source, root)
    except DatasetError as error:
        expect("what lerecord says", str(error), shape.refusal)
        return f"not read: {error}"
    expect("a refusal", None, shape.refusal)
    return f"{seen}, {len(report.remarks)} remarks"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", choices=SHAPES)
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    names = [given.only] if given.only else list(SHAPES)
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch) / "shapes"
        folder.mkdir(parents=True)
        checks = [table.Check(name, partial(seen, folder, name)) for name in names]
        return 0 if table.report("shapes that LeRobot writes", checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
