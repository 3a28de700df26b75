"""Random windows a second: our reader and LeRobot's decoders, in turn, on the same windows.

    PYTHONPATH=. PLACE/bin/python tests/interop/lerobot_speed.py DIR [--rounds 5] [--windows 40]

PLACE is an environment with LeRobot 0.3.3, which reads DIR as it is, or with 0.6.1, which reads
its export to v3.0. Every reader gives float32 (3, H, W) pictures in [0, 1]; where LeRobot can give
uint8 too, that is a second table. Readers take turns, round by round, so that what else runs on the
machine meets all of them; medians of the rounds are printed. Ends with 1 when LeRobot is faster.
"""

import argparse
import logging
import os
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from lerobot.datasets.lerobot_dataset import LeRobotDataset

import lerecord
from lerecord.dataset.export_v30 import export_v30
from lerecord.dataset.samples import ImageForm

# A file beside this one; `tests` is another package in LeRobot's environment.
table = import_module("report")

POLICIES = {
    "act": "ACT: pictures 0, actions 0..99",
    "diffusion": "Diffusion: pictures -1..0, actions -1..14",
    "smolvla": "SmolVLA: pictures 0, actions 0..49",
}
BACKENDS = ("torchcodec", "pyav")
FORMS: tuple[ImageForm, ...] = ("float32", "uint8")
WARM = 3


def theirs(root: Path, deltas: Any, backend: str, form: ImageForm) -> Any:
    """LeRobot's reader; None when it cannot do that here."""
    options: dict[str, Any] = {"delta_timestamps": deltas, "video_backend": backend}
    if form == "uint8":
        if "return_uint8" not in signature(LeRobotDataset).parameters:
            return None
        options["return_uint8"] = True
    data = LeRobotDataset("local/compared", root, **options)
    try:
        data[0]
    except (RuntimeError, ImportError, OSError) as error:
        print(f"{backend} does not run here: {str(error).splitlines()[0]}\n")
        return None
    return data


def seconds(data: Any, windows: Sequence[int]) -> float:
    begun = time.perf_counter()
    for row in windows:
        data[row]
    return time.perf_counter() - begun


def rates(readers: dict[str, Any], rows: int, rounds: int, count: int) -> dict[str, float]:
    """Windows a second of each reader: the median of rounds, in which all have the same windows."""
    chooser = random.Random(0)
    for data in readers.values():
        seconds(data, [chooser.randrange(rows) for _ in range(WARM)])
    taken: dict[str, list[float]] = {name: [] for name in readers}
    for number in range(rounds):
        windows = [chooser.randrange(rows) for _ in range(count)]
        names = list(readers)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            taken[name].append(count / seconds(readers[name], windows))
    return {name: statistics.median(each) for name, each in taken.items()}


def line(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | {' | '.join(cells)} |"


def compared(original: Path, root: Path, form: ImageForm, rounds: int, count: int) -> bool:
    """Print a table of one form of pictures; False when one of LeRobot's is faster."""
    data = lerecord.Dataset(original)
    ahead = True
    for policy, said in POLICIES.items():
        deltas = lerecord.delta_timestamps_for(policy, data.fps, features=data.features)
        others = {each: theirs(root, deltas, each, form) for each in BACKENDS}
        readers = {f"LeRobot {k}": v for k, v in others.items() if v is not None}
        if not readers:
            return True
        ours = lerecord.Dataset(original, delta_timestamps=deltas, images=form)
        measured = rates({"lerecord": ours, **readers}, len(data), rounds, count)
        if policy == "act":
            print(line(form, [*measured]))
            print(line("---", ["---"] * len(measured)))
        mine = measured.pop("lerecord")
        cells = [f"{each:.0f} ({mine / each:.1f}x)" for each in measured.values()]
        print(line(said, [f"{mine:.0f}", *cells]), flush=True)
        ahead &= mine >= max(measured.values())
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
            for form in FORMS
        ]
    return 0 if all(ahead) else 1


if __name__ == "__main__":
    raise SystemExit(main())
