"""v3.0 as LeRobot's tools leave it gives our readers what v2.1 gives them.

    python -m tests.interop.newer PLACE_0.4.1 PLACE_0.6.1 DIR FOLDER

The places are environments with these releases of LeRobot, DIR is a dataset of v2.1 and stays as it
is, FOLDER must not exist. `info`, `list`, `check` and `Dataset` are asked of each dataset of v3.0
and of the same in v2.1: the original, what `lerecord` makes of it, or the import.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import lerecord
from lerecord.dataset.edit import operations
from lerecord.dataset.format import NUMBERS
from lerecord.dataset.join import merge
from lerecord.dataset.overview import episodes, summary
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from tests.interop.report import Check, DisagreementError, expect, report

MAKES = Path(__file__).with_name("lerobot_makes.py")
DELETED = 1
LARGEST_PICTURE_ERROR = 6.0
"""Of 255, in the mean of an image: an edit of LeRobot encodes again."""
NEAR = 1e-6
OF_THE_FOLDER = (
    *("version", "disk_bytes", "simulated", "left_takes", "unreadable_takes"),
    *("labels", "verdicts"),
)
"""What `info` says that a dataset need not have in common with what was made of it."""


@dataclass(frozen=True)
class Comparison:
    """A dataset of v3.0, and how it is made, and the same in v2.1.

    Attributes:
        name: of the line.
        newer: makes it at a path.
        older: makes that of v2.1 at a path, of the newer one.
    """

    name: str
    newer: Callable[[Path], object]
    older: Callable[[Path, Path], object]


def made_by(place: Path, what: str, source: Path, out: Path) -> None:
    """By LeRobot, in its own environment."""
    command = (place / "bin" / "python", MAKES, what, source, out)
    environ = {**os.environ, "PYTHONPATH": str(MAKES.parents[2]), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode != 0:
        raise DisagreementError(f"{what} ends with {done.returncode}: {done.stderr[-500:]}")


def same(comparison: Comparison, folder: Path) -> str:
    """Both give the same, and v3.0 passes the check."""
    newer = folder / f"{comparison.name}, v3.0"
    older = folder / f"{comparison.name}, v2.1"
    comparison.newer(newer)
    comparison.older(newer, older)
    expect("info", said_of(newer), said_of(older))
    lists = [[(e.episode, e.seconds, e.tasks) for e in episodes(root)] for root in (newer, older)]
    expect("list", *lists)
    found = check(newer)
    expect("findings", [str(each) for each in found.findings], [])
    worst = same_samples(lerecord.Dataset(newer), lerecord.Dataset(older))
    remarks = f"{len(found.remarks)} remarks"
    return f"{len(lerecord.Dataset(newer))} frames the same, images within {worst:.1f}, {remarks}"


def said_of(root: Path) -> dict[str, Any]:
    """What `info` says of the content."""
    return {key: value for key, value in asdict(summary(root)).items() if key not in OF_THE_FOLDER}


def same_samples(newer: lerecord.Dataset, older: lerecord.Dataset) -> float:
    """Frames, tasks and statistics are the same; the largest difference of images, of 255."""
    expect("episodes", [e.length for e in newer.episodes], [e.length for e in older.episodes])
    expect("tasks", newer.tasks, older.tasks)
    worst = 0.0
    for row, (mine, due) in enumerate(zip(newer, older, strict=True)):
        expect(f"features of frame {row}", sorted(mine), sorted(due))
        for key, value in mine.items():
            if key in newer.camera_keys:
                apart = np.abs(value.astype(int) - due[key]).mean()
                worst = max(worst, float(apart))
            elif not np.array_equal(value, due[key]):
                raise DisagreementError(f"{key} of frame {row}: {value!r} and {due[key]!r}")
    expect("images are near", worst <= LARGEST_PICTURE_ERROR, True)
    for key, stats in newer.stats.items():
        for name in ("min", "max", "mean", "std") if key not in NUMBERS else ():
            near = np.allclose(getattr(stats, name), getattr(older.stats[key], name), atol=NEAR)
            expect(f"{name} of {key}", near, True)
    return worst


def comparisons(old: Path, new: Path, root: Path, folder: Path) -> Iterator[Comparison]:
    exported = folder / "exported"
    export_v30(root, exported)

    def ours(newer: Path, older: Path) -> None:
        shutil.copytree(root, older)

    def imported(newer: Path, older: Path) -> None:
        import_v30(newer, older)

    def deleted(newer: Path, older: Path) -> None:
        shutil.copytree(root, older)
        operations.delete(older, [DELETED])

    def merged(newer: Path, older: Path) -> None:
        merge(older, [root, root])

    yield Comparison("our export", partial(export_v30, root), ours)
    for version, place in (("0.4.1", old), ("0.6.1", new)):
        yield Comparison(
            f"converted by {version}", partial(made_by, place, "converted", root), ours
        )
    for name, older in {
        "recorded": imported,
        "appended": imported,
        "deleted": deleted,
        "merged": merged,
    }.items():
        yield Comparison(f"{name} by 0.6.1", partial(made_by, new, name, exported), older)


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("old", "new", "root", "folder"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True)
    found = comparisons(given.old, given.new, given.root.absolute(), given.folder.absolute())
    checks = [Check(each.name, partial(same, each, given.folder.absolute())) for each in found]
    return 0 if report("v3.0, read like v2.1", checks) else 1


if __name__ == "__main__":
    sys.exit(main())
