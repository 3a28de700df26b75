"""The recorder is killed at random instants: nothing committed is hurt, the rest is salvaged."""

import hashlib
import os
import random
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Simulator

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
KILLS = 50 if os.environ.get("LERECORD_CRASH_DEPTH") == "2" else 2
TAKE_S = 1.5
FPS = 30


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    running = Simulator("front", "wrist")
    running.say({"phase": "record"})
    yield running
    running.close()


def lerecord(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LERECORD, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def committed(dataset: Path) -> dict[str, str]:
    """Digest of every file of an episode that is in its place."""
    files = (
        path for part in ("data", "videos", "capture") for path in dataset.glob(f"{part}/**/*.*")
    )
    return {
        str(path.relative_to(dataset)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file() and path.name != "health.jsonl"
    }


def rows_of(dataset: Path) -> int:
    return sum(int(line.split('"length": ')[1].rstrip("}\n")) for line in lines_of(dataset))


def lines_of(dataset: Path) -> list[str]:
    path = dataset / "meta/episodes.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


class Beginnings(threading.Thread):
    """Reads what a recorder says, and knows when each of its takes began."""

    def __init__(self, recorder: subprocess.Popen[bytes]) -> None:
        super().__init__()
        self._recorder = recorder
        self._at: list[float] = []
        self.first = threading.Event()
        self.start()

    def run(self) -> None:
        """Until nobody holds its stdout any more."""
        assert self._recorder.stdout is not None
        for line in self._recorder.stdout:
            if b"recording" in line:
                self._at.append(time.monotonic())
                self.first.set()

    def rows_due(self, now: float) -> float:
        """So many rows must be there: all but the last second of the take that runs."""
        *before, last = self._at
        return FPS * (TAKE_S * len(before) + min(TAKE_S, now - last) - 1.0)


@pytest.mark.timeout(3600)
def test_a_recorder_killed_at_any_instant_loses_less_than_a_second(
    simulator: Simulator, tmp_path: Path
) -> None:
    hardware, dataset = simulator.hardware(tmp_path), tmp_path / "box"
    seed = int(os.environ.get("LERECORD_KILL_SEED", "1"))
    instants = random.Random(seed)
    for _ in range(KILLS):
        before, rows_before = committed(dataset), rows_of(dataset)
        recorder = subprocess.Popen(
            [
                *(LERECORD, "--task", "Grab", "--hardware", str(hardware)),
                *("--dataset", str(dataset), "--episodes", "3", "--episode-time", str(TAKE_S)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        begun = Beginnings(recorder)
        begun.first.wait()
        time.sleep(instants.uniform(0, 3.2))
        recorder.kill()
        due = begun.rows_due(time.monotonic())
        begun.join()  # until its cameras have encoded what they had
        recorder.communicate()

        recovered = lerecord("recover", str(dataset))
        assert recovered.returncode == 0, recovered.stderr
        after = committed(dataset)
        assert before.items() <= after.items()
        assert not list(dataset.glob(".lerecord/takes/*"))
        assert not list(dataset.glob(".lerecord/txn/*"))
        assert rows_of(dataset) - rows_before >= due
        if lines_of(dataset):
            checked = lerecord("check", str(dataset))
            assert checked.returncode == 0, checked.stdout
