"""lerecord and LeRobot 0.6.1 under the same load, in turn, on this machine.

    python -m tests.bench.compare PYTHON_WITH_LEROBOT [--runs 5] [--cameras 2] [--fps 30] ...

LeRobot runs without CAP_SYS_NICE, as a user's does: with it its AV1 encoder takes real-time
priority and looks unfairly bad. The environment is built by tests/interop/build_lerobot.sh.
"""

import argparse
import json
import os
import select
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from lerecord.bench import Load
from lerecord.bench.clip import clip_of
from lerecord.bench.meter import Meter, Usage

PEER = Path(__file__).with_name("lerobot_recorder.py")
_NOTHING = 0.01  # what is smaller makes no ratio worth the name
MODES = ("default", "streaming AV1", "streaming H.264")
ROWS = {
    "missed ticks": "missed_ticks",
    "wait after SAVE, ms": "wait_after_save_ms",
    "committed after SAVE, ms": "committed_after_save_ms",
    "CPU per image, ms": "cpu_ms_per_image",
    "of it in camera processes, ms": "camera_cpu_ms_per_image",
    "lateness p99, ms": "lateness_p99_ms",
    "memory (PSS), MB": "pss_mb",
}


def total(usage: dict[str, Usage], what: str) -> float:
    return float(sum(getattr(each, what) for each in usage.values()))


def as_user() -> list[str]:
    """What a command begins with to have no more rights to priorities than a user has."""
    return ["setpriv", "--bounding-set=-sys_nice"] if os.geteuid() == 0 else []


def peer(python: str, clip: Path, load: Load, mode: str) -> dict[str, float]:
    """One take of LeRobot's; its CPU is counted from the first frame until the take is saved."""
    process = subprocess.Popen(
        [
            *(*as_user(), python, str(PEER), str(clip), "--cameras", str(load.cameras)),
            *("--fps", str(load.fps), "--seconds", str(load.seconds), "--mode", mode),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    assert process.stdout is not None
    meter = Meter(process.pid)
    while process.stdout.readline().strip() != b"recording":
        assert process.poll() is None, "LeRobot did not start"
    before, pss = meter.look(), 0.0
    heard = b""
    while b"saved" not in heard.split():
        after = meter.look()
        pss = max(pss, total(after, "pss_bytes"))
        if select.select([process.stdout], [], [], 0.05)[0]:
            heard += os.read(process.stdout.fileno(), 4096)
    after = meter.look()
    heard += process.stdout.read()
    process.wait()
    figures: dict[str, float] = json.loads(heard[heard.index(b"{") :])
    pictures = load.seconds * load.fps * load.cameras
    cpu_s = total(after, "cpu_s") - total(before, "cpu_s")
    return figures | {"cpu_ms_per_image": cpu_s * 1e3 / pictures, "pss_mb": pss / 1e6}


def ours(load: Load, *prefix: str) -> dict[str, float]:
    """Takes of lerecord's, by a command that begins with `prefix`; two show the wait between."""
    done = subprocess.run(
        [
            *(*prefix, sys.executable, "-m", "lerecord"),
            *("bench", "--json", "--takes", str(load.takes)),
            *("--cameras", str(load.cameras), "--fps", str(load.fps)),
            *("--seconds", str(load.seconds), "--size", f"{load.width}x{load.height}"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if load.takes > 1:
        figures["wait_after_save_ms"] = figures["wait_after_save_ticks"] * 1e3 / load.fps
    return figures


def _figure(value: float) -> str:
    return f"{value:.1f}" if value > 1 or not value else f"{value:.2g}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("python", help="of an environment with LeRobot 0.6.1")
    parser.add_argument("--runs", type=int, default=5)
    for name, default in (("cameras", 2), ("fps", 30), ("width", 640), ("height", 480)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    load = Load(asked.cameras, asked.fps, asked.width, asked.height, asked.seconds, 2)
    results: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mjpeg"
        clip.write_bytes(b"".join(clip_of(load)))
        for _ in range(asked.runs):
            results.setdefault("lerecord", []).append(ours(load))
            for mode in MODES:
                results.setdefault(mode, []).append(peer(asked.python, clip, load, mode))
    print(f"{load}, medians of {asked.runs} runs, load average {os.getloadavg()[0]:.2f}\n")
    print("| | lerecord | " + " | ".join(f"LeRobot {mode}" for mode in MODES) + " |")
    print("|---|---|" + "---|" * len(MODES))
    for title, key in ROWS.items():
        own = statistics.median(run[key] for run in results["lerecord"])
        cells = [_figure(own)]
        for mode in MODES:
            if any(key not in run for run in results[mode]):
                cells.append("-")
                continue
            theirs = statistics.median(run[key] for run in results[mode])
            ratio = f" ({theirs / own:.1f}x)" if own > _NOTHING else ""
            cells.append(_figure(theirs) + ratio)
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
