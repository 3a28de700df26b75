"""`fleet merge --format v3.0` beside LeRobot's own aggregate, of the same datasets of v3.0.

    python -m tests.bench.fleet_lerobot FOLDER PYTHON [EPISODES]

Started by hand. PYTHON is that of an environment with LeRobot 0.6.1. Each is a process of its own,
of which time and largest memory are told; then the quantiles of both are compared with NumPy's of
all frames, and LeRobot reads ours and appends to it. Another run in the same folder takes the
sources that are there.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from lerecord.dataset.format import layout
from lerecord.dataset.v30 import SHARES, export_v30
from tests.bench.fleet import CAMERAS, ROWS
from tests.dataset.lists import Scripted, small_lab, stage
from tests.dataset.many import multiply

DATASETS = 8
APPEND = Path(__file__).parents[1] / "interop" / "lerobot_append.py"
AGGREGATE = """
import logging, os, sys, time
os.environ["HF_HUB_OFFLINE"] = "1"
from pathlib import Path
from lerobot.datasets.aggregate import aggregate_datasets
logging.disable(logging.WARNING)
out, *roots = map(Path, sys.argv[1:])
began = time.perf_counter()
names = [f"local/{each.parent.name}" for each in roots]
aggregate_datasets(names, "local/all", roots, out)
print(f"    of which {time.perf_counter() - began:.2f} s without its imports")
"""


def source(folder: Path, number: int, episodes: int) -> Path:
    """A dataset of v3.0 whose frames are not those of any other number."""
    root = folder / f"station-{number}" / "box"
    if not root.exists():
        made = folder / f"v2.1-{number}"
        shutil.rmtree(made, ignore_errors=True)
        lab = small_lab(made, CAMERAS)
        with lab.open() as writer:
            writer.commit(stage(lab, writer, Scripted("a", ROWS, number)))
        multiply(made, episodes)
        export_v30(made, root)
        shutil.rmtree(made)
    return root


def measured(name: str, command: Sequence[object]) -> tuple[float, float]:
    """Run a command; seconds and megabytes."""
    began = time.perf_counter()
    process = subprocess.Popen([str(each) for each in command], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds, memory = time.perf_counter() - began, usage.ru_maxrss / 1024
    assert process.returncode == 0, name
    cpu = usage.ru_utime + usage.ru_stime
    print(
        f"{name:36s} {seconds:7.2f} s, {cpu:7.2f} s of processor time, {memory:6.0f} MB", flush=True
    )
    return seconds, memory


def apart(root: Path, key: str, values: "np.ndarray[Any, Any]") -> dict[str, float]:
    """How far each quantile of a dataset is from NumPy's, by its name; the largest."""
    kept = json.loads((root / layout.STATS).read_bytes())[key]
    return {
        name: float(np.abs(np.array(kept[name]) - np.quantile(values, share, axis=0)).max())
        for name, share in SHARES.items()
    }


def main() -> None:
    """Make the sources, merge them twice, and compare."""
    folder, python = Path(sys.argv[1]), sys.argv[2]
    episodes = int(sys.argv[3]) if len(sys.argv) > 3 else 50
    folder.mkdir(parents=True, exist_ok=True)
    roots = [source(folder, number, episodes) for number in range(DATASETS)]
    for name in ("theirs", "ours", "ours in two", "state", ".ours.fleet", ".ours in two.fleet"):
        shutil.rmtree(folder / name, ignore_errors=True)
    print(f"{DATASETS} datasets, {DATASETS * episodes} episodes, load {os.getloadavg()[0]:.1f}")
    theirs = measured("LeRobot's aggregate", [python, "-c", AGGREGATE, folder / "theirs", *roots])
    lerecord = (sys.executable, "-m", "lerecord", "fleet", "merge")
    options = ("--format", "v3.0", "--state", folder / "state", "--workers")
    ours = measured("fleet merge, one worker", [*lerecord, folder / "ours", *roots, *options, 1])
    two = measured("fleet merge, two", [*lerecord, folder / "ours in two", *roots, *options, 2])
    print(f"    time {ours[0] / theirs[0]:.2f} and {two[0] / theirs[0]:.2f} of LeRobot's, ", end="")
    print(f"memory {ours[1] / theirs[1]:.2f} and {two[1] / theirs[1]:.2f}")
    for key in ("action", "observation.state"):
        files = sorted((folder / "ours" / "data").rglob("*.parquet"))
        columns = [pq.read_table(each, columns=[key])[key].to_pylist() for each in files]
        values = np.array([row for column in columns for row in column])
        for name in ("theirs", "ours"):
            found = apart(folder / name, key, values).items()
            shown = ", ".join(f"{share} {far:.3g}" for share, far in found)
            print(f"{key} of {name}, away from NumPy by: {shown}")
    subprocess.run([python, APPEND, folder / "ours", "by LeRobot", "25", "40"], check=True)


if __name__ == "__main__":
    main()
