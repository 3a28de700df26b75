"""Random windows a second: our reader and LeRobot's decoders, in turn, on the same windows.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_speed.py DIR [--rounds 5] [--windows 40]

PLACE is an environment with LeRobot 0.3.3, which reads DIR as it is, or with 0.6.1, which reads
its export to v3.0. Every reader gives float32 (3, H, W) images in [0, 1]; where LeRobot can give
uint8 too, that is a second table. Readers take turns, round by round, so that what else runs on the
machine meets all of them. Windows a second and processor time a window are printed, medians of the
rounds, and how many times better ours is. Ends with 1 when one of LeRobot's decoders is faster.
"""

import argparse
import logging
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from lerobot.datasets.lerobot_dataset import LeRobotDataset

import lerecord
from lerecord.dataset.read import ImageForm
from lerecord.dataset.v30 import export_v30

# A file beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")

POLICIES = {
    "act": "ACT: images 0, actions 0..99",
    "diffusion": "Diffusion: images -1..0, actions -1..14",
    "smolvla": "SmolVLA: images 0, actions 0..49",
}
BACKENDS = ("torchcodec", "pyav")
WARM = 3


def forms() -> list[ImageForm]:
    """What this LeRobot can give its images as."""
    return (
        ["float32", "uint8"]
        if "return_uint8" in signature(LeRobotDataset).parameters
        else ["float32"]
    )


def theirs(root: Path, deltas: Any, backend: str, form: ImageForm) -> Any:
    options = {"return_uint8": True} if form == "uint8" else {}
    return LeRobotDataset(
        "local/compared", root, delta_timestamps=deltas, video_backend=backend, **options
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one reader.

    Attributes:
        windows_s: windows a second.
        cpu_ms: processor time of all its threads, a window: other work hardly changes it.
    """

    windows_s: float
    cpu_ms: float


def pace(data: Any, windows: Sequence[int]) -> Pace:
    begun, cpu_begun = time.perf_counter(), time.process_time()
    for row in windows:
        data[row]
    cpu_s, wall_s = time.process_time() - cpu_begun, time.perf_counter() - begun
    return Pace(len(windows) / wall_s, 1000 * cpu_s / len(windows))


def paces(readers: dict[str, Any], rows: int, rounds: int, count: int) -> dict[str, Pace]:
    """Of each reader the median of rounds, in which all have the same windows."""
    chooser = random.Random(0)
    for data in readers.values():
        pace(data, [chooser.randrange(rows) for _ in range(WARM)])
    seen: dict[str, list[Pace]] = {name: [] for name in readers}
    for number in range(rounds):
        windows = [chooser.randrange(rows) for _ in range(count)]
        names = list(readers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            seen[name].append(pace(readers[name], windows))
    return {
        name: Pace(
            statistics.median(one.windows_s for one in each),
            statistics.median(one.cpu_ms for one in each),
        )
        for name, each in seen.items()
    }


def line(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def compared(original: Path, root: Path, form: ImageForm, rounds: int, count: int) -> bool:
    """Print a table of one form of images; False when one of LeRobot's is faster."""
    data = lerecord.Dataset(original)
    ahead = True
    for policy, said in POLICIES.items():
        deltas = lerecord.delta_timestamps_for(policy, data.fps, features=data.features)
        readers = {f"LeRobot {each}": theirs(root, deltas, each, form) for each in BACKENDS}
        ours = lerecord.Dataset(original, delta_timestamps=deltas, images=form)
        measured = paces({"lerecord": ours, **readers}, len(data), rounds, count)
        if policy == "act":
            print(line(form, [*measured]))
            print(line("---", ["---"] * len(measured)))
        mine = measured.pop("lerecord")
        cells = [f"{mine.windows_s:.0f}, {mine.cpu_ms:.1f} ms"]
        for other in measured.values():
            faster, cheaper = mine.windows_s / other.windows_s, other.cpu_ms / mine.cpu_ms
            cells.append(
                f"{other.windows_s:.0f} ({faster:.1f}x), {other.cpu_ms:.1f} ms ({cheaper:.1f}x)"
            )
        print(line(said, cells), flush=True)
        ahead &= mine.windows_s >= max(each.windows_s for each in measured.values())
    print()
    return ahead


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--windows", type=int, default=40)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    lerobot = version("lerobot")
    with tempfile.TemporaryDirectory() as folder:
        root = arguments.root
        if lerobot != "0.3.3":
            root = Path(folder) / "exported"
            export_v30(arguments.root, root)
        print(f"LeRobot {lerobot}, torchcodec {version('torchcodec')}\n")
        ahead = [
            compared(arguments.root, root, form, arguments.rounds, arguments.windows)
            for form in forms()
        ]
    return 0 if all(ahead) else 1


if __name__ == "__main__":
    raise SystemExit(main())
