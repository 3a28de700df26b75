"""Labels of a live session: rollouts into a dataset that is begun with --labels.

    python -m tests.interop.labels DEMONSTRATIONS FOLDER

A policy made of DEMONSTRATIONS drives the simulated rig: two rollouts until the box stands on its
square, two that are broken off before, of which one loses its label again. FOLDER must not exist;
what LeRobot makes of it, lerobot_reader.py and lerobot_v30.py say.
"""

import argparse
import json
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import lerecord
from tests.interop.label_columns import COLUMNS, labelled, outcomes
from tests.interop.report import Check, expect, report

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
WHOLE_S, BROKEN_OFF_S = "15", "2.5"


def said(*words: str | Path) -> str:
    done = subprocess.run(
        [LERECORD, *map(str, words)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    expect(f"status of lerecord {words[0]}: {done.stderr[-400:]}", done.returncode, 0)
    return done.stdout


def rolled_out(demonstrations: Path, root: Path, seconds: str) -> list[bool]:
    """Where the simulator says that the box was, take by take; the labels have to say so."""
    document: dict[str, Any] = json.loads(
        said(
            *("rollout", "--policy", f"nearest:{demonstrations}", "--hardware", "sim"),
            *("--task", "Grab the paper box", "--labels", "--dataset", root, "--json"),
            *("--episodes", "2", "--episode-time", seconds),
        )
    )
    expect("labels", [each["success"] for each in document["saved"]], document["box_on_target"])
    return list(document["box_on_target"])


def rollouts(demonstrations: Path, root: Path) -> str:
    truth = rolled_out(demonstrations, root, WHOLE_S) + rolled_out(
        demonstrations, root, BROKEN_OFF_S
    )
    expect("labels kept", outcomes(root), ["success" if hit else "failure" for hit in truth])
    return f"{sum(truth)} of {len(truth)} on target by the simulator, and by their labels"


def columns(root: Path) -> str:
    held = lerecord.Dataset(root).rows.columns
    return labelled(root, {name: held[name] for name in COLUMNS}, expect)


def cleared(root: Path) -> str:
    said("label", root, "last", "--clear")
    return columns(root)


def checked(root: Path) -> str:
    return said("check", root).strip().splitlines()[-1].partition(": ")[2]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("demonstrations", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    root = given.folder
    checks = [
        Check("rollouts", lambda: rollouts(given.demonstrations, root)),
        Check("columns", lambda: columns(root)),
        Check("one label cleared", lambda: cleared(root)),
        Check("lerecord check", lambda: checked(root)),
    ]
    return 0 if report("rollouts with labels", checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
