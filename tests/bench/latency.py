"""What latency does to a policy: `python -m tests.bench.latency DATASET [--rollouts 10]`.

The policy `nearest:DATASET` is served with its answers held back, and drives the simulated rig as
it always does and by stop and go, from places of the box that no demonstration has. A row each:
successes, seconds until the box was on its square, ticks without a plan, and how smoothly the
followers were sent. Accelerations of four rollouts differ by up to a half from chance alone.
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import layout, read_sidecar
from lerecord.dataset.read import Dataset
from tests.live import SETUP

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
FPS = SETUP.config.fps
ASYNCHRONOUS: tuple[str, ...] = ()
STOP_AND_GO: tuple[str, ...] = ("--synchronous",)
_GRIPPER = -1


@dataclass(frozen=True, slots=True)
class Row:
    """What the rollouts of one latency came to.

    Attributes:
        delay_ms: by which each answer was held back.
        way: how the policy drove.
        rollouts, successes: how many.
        seconds: until the box was on its square, the median of those that succeeded.
        latency_s: of the slowest answer.
        held, ticks: ticks in which the followers had no plan, of how many.
        missed: slots of the loop.
        step: the largest of any joint from one tick to the next, in units.
        acceleration: that the arm's joints (without the gripper) were sent with, in units a second
            squared; exceeded once in a hundred ticks.
    """

    delay_ms: int
    way: str
    rollouts: int
    successes: int
    seconds: float
    latency_s: float
    held: int
    ticks: int
    missed: int
    step: float
    acceleration: float

    @classmethod
    def of(cls, delay_ms: int, way: str, document: dict[str, Any], motions: "Motions") -> Self:
        """From what `lerecord rollout --json` printed, and what the dataset says."""
        saved, on_target = document["saved"], document["box_on_target"]
        times = [each["seconds"] for each, hit in zip(saved, on_target, strict=True) if hit]
        return cls(
            delay_ms=delay_ms,
            way=way,
            rollouts=len(saved),
            successes=sum(map(bool, on_target)),
            seconds=median(times) if times else float("nan"),
            latency_s=document["policy"]["latency_s"],
            held=document["policy"]["starved_ticks"],
            ticks=sum(each["frames"] for each in saved),
            missed=sum(each["missed"] for each in saved),
            step=motions.step,
            acceleration=motions.acceleration,
        )

    def line(self) -> str:
        """A row of the table in docs/explanation/asynchronous-inference.md."""
        return (
            f"| {self.delay_ms} ms | {self.way} | {self.successes} of {self.rollouts} | "
            f"{self.seconds:.1f} s | {self.latency_s:.2f} s | {self.held} of {self.ticks} | "
            f"{self.missed} | {self.step:.1f} | {self.acceleration:.0f} |"
        )


@dataclass(frozen=True, slots=True)
class Motions:
    """How the followers were sent: from one goal to the next, without slots that were missed."""

    step: float
    acceleration: float

    @classmethod
    def of(cls, dataset: Path) -> Self:
        """Of a dataset of rollouts."""
        rows, at = Dataset(dataset).rows.columns, Dataset(dataset).episode_data_index
        steps: list[NDArray[np.floating]] = []
        turns: list[NDArray[np.floating]] = []
        for episode, (first, end) in enumerate(zip(at["from"], at["to"], strict=True)):
            begun = int(rows["has_policy_action"][first:end].argmax())
            missed = read_sidecar(dataset / layout.capture_file(episode), ()).frames.missed[begun:]
            sent = rows["action"][first + begun : end]
            steps.append(np.abs(np.diff(sent[~missed], axis=0)).ravel())
            around = missed[:-2] | missed[1:-1] | missed[2:]  # in these, time is not what it seems
            turned = np.abs(np.diff(sent[:, :_GRIPPER], n=2, axis=0))[~around]
            turns.append(turned.ravel() * FPS**2)
        return cls(
            float(np.concatenate(steps).max()),
            float(np.percentile(np.concatenate(turns), 99)),
        )


@contextmanager
def served(dataset: Path, delay_ms: int) -> Iterator[str]:
    """The address at which the policy is served."""
    server = subprocess.Popen(
        [LERECORD, "serve", f"nearest:{dataset}", "--port", "0", "--delay-ms", str(delay_ms)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            if line.startswith("serving on "):
                yield line.removeprefix("serving on ").partition(";")[0]
                return
        raise SystemExit("the server did not come up")
    finally:
        server.terminate()
        server.wait(10)


def roll_out(address: str, folder: Path, asked: argparse.Namespace, way: Sequence[str]) -> Any:
    """What `lerecord rollout` printed."""
    done = subprocess.run(
        [
            *(LERECORD, "rollout", "--policy", address, "--task", "Grab the paper box", "--json"),
            *("--hardware", "sim", "--dataset", str(folder), "--episode-time", "15"),
            *("--episodes", str(asked.rollouts), "--seed", str(asked.seed), *way),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--rollouts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=88000)
    parser.add_argument("--delays-ms", type=int, nargs="+", default=[0, 100, 300, 800])
    asked = parser.parse_args()
    print("| held back | way | success | time | slowest answer | held | missed | step | accel. |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for delay_ms in asked.delays_ms:
            with served(asked.dataset, delay_ms) as address:
                for name, way in (("as it is", ASYNCHRONOUS), ("stop and go", STOP_AND_GO)):
                    kept = Path(folder) / f"{delay_ms}{len(way)}"
                    document = roll_out(address, kept, asked, way)
                    motions = Motions.of(kept)
                    print(Row.of(delay_ms, name, document, motions).line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
