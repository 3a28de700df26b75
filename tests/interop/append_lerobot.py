"""LeRobot 0.3.3 appends to a dataset whose trash and staging are full; then lerecord goes on.

    python -m tests.interop.append_lerobot PLACE FOLDER

PLACE is an environment with LeRobot 0.3.3; the dataset is made in FOLDER, which must not exist.
LeRobot needs no network: HF_HUB_OFFLINE is set.
"""

import os
import subprocess
import sys
from pathlib import Path

from lerecord.dataset.edit import operations
from lerecord.dataset.format import HardwareRecord, layout
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from tests.dataset.conftest import HARDWARE, Lab

APPEND = Path(__file__).with_name("lerobot_append.py")
ROWS = "9"


def append(place: str, root: Path, task: str) -> None:
    """Let LeRobot add an episode of 9 frames and read all of them."""
    subprocess.run(
        [f"{place}/bin/python", APPEND, root, task, ROWS],
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )


def told(root: Path) -> None:
    """Print what a check says, and stop at a finding."""
    report = check(root)
    for remark in report.remarks:
        print(f"  remark: {remark}")
    for finding in report.findings:
        print(f"  wrong: {finding}")
    if not report.sound:
        sys.exit("lerecord check is not content")


def main() -> None:
    """Record, edit, leave a take, append with LeRobot, go on."""
    place, root = sys.argv[1], Path(sys.argv[2])
    lab = Lab(root)
    lab.spec = lab.spec_with(hardware=HardwareRecord({**HARDWARE, "simulated": False}))
    with lab.open() as writer:
        for index in range(3):
            lab.record(writer, f"task {index}", rows=12)
        writer.replace(1, lab.stage(writer, "again", rows=8))
        lab.stage(writer, "left", rows=5).close()
    operations.trim(root, 0, 0.1, 0.3)
    kept = [path for path in (root / layout.PRIVATE).rglob("*") if path.is_file()]
    print(f"{len(kept)} files lie in trash and staging")
    append(place, root, "by LeRobot")
    told(root)
    operations.delete(root, [1])
    operations.undo(root)
    operations.undo(root)
    told(root)
    with DatasetWriter.open(root) as writer:
        (left,) = writer.left_takes
        writer.salvage(left)
        print(f"lerecord has {writer.episodes} episodes")
    told(root)
    append(place, root, "by LeRobot")
    told(root)


if __name__ == "__main__":
    main()
