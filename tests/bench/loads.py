"""lerecord under heavier loads, and LeRobot 0.6.1 beside it when its interpreter is given.

    python -m tests.bench.loads [--runs 3] [--seconds 10] [--lerobot PYTHON]

Each load is run with real-time priority where this user may have it, and lateness is measured once
more without; LeRobot encodes while it records (streaming, H.264), its best mode.
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lerecord.bench import Load
from lerecord.bench.clip import clip_of
from tests.bench.compare import as_user, ours, peer

FIGURES = ("missed_ticks", "images_lost", "images_spooled", "lateness_p99_ms", "cpu_ms_per_image")
HEAD = (
    "| cameras | missed ticks | images lost | spooled | late p99, ms | CPU per image, ms "
    "| LeRobot missed | LeRobot late p99, ms |\n|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a load, and whether real-time priority is asked for."""

    cameras: int
    fps: int
    width: int = 640
    height: int = 480
    realtime: bool = True

    def load(self, seconds: float) -> Load:
        return Load(self.cameras, self.fps, self.width, self.height, seconds, 1)

    def __str__(self) -> str:
        how = "" if self.realtime else ", no real-time priority"
        return f"{self.cameras} x {self.width}x{self.height} at {self.fps}{how}"


ROWS = (
    Row(2, 30),
    Row(3, 30),
    Row(2, 60),
    Row(3, 60),
    Row(3, 60, realtime=False),
    Row(4, 30, 1280, 720),
    Row(8, 30),
    Row(8, 60),
)


def cells(row: Row, asked: argparse.Namespace, clip: Path) -> Iterator[str]:
    """The figures of one line, medians of the runs."""
    load = row.load(asked.seconds)
    prefix = [] if row.realtime else as_user()
    own = [ours(load, *prefix) for _ in range(asked.runs)]
    for figure in FIGURES:
        value = statistics.median(run[figure] for run in own)
        yield f"{value:.1f}" if figure.endswith(("_ms", "_image")) else f"{value:g}"
    if asked.lerobot is None or not row.realtime:
        yield from ("-", "-")
        return
    clip.write_bytes(b"".join(clip_of(load)))
    theirs = [peer(asked.lerobot, clip, load, "streaming H.264") for _ in range(asked.runs)]
    for figure in ("missed_ticks", "lateness_p99_ms"):
        yield f"{statistics.median(run[figure] for run in theirs):.1f}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--lerobot", metavar="PYTHON", help="of an environment with LeRobot 0.6.1")
    asked = parser.parse_args()
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for row in ROWS:
            line = " | ".join(cells(row, asked, Path(folder) / "clip.mjpeg"))
            print(f"| {row} | {line} |", flush=True)
    print(f"\nmedians of {asked.runs} runs, load average {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
