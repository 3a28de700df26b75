"""LeRobot's own KochLeader and KochFollower on the simulated pair.

Run it from the checkout, with the interpreter of an environment that `build_lerobot.sh` made:
`python -m tests.interop.lerobot_koch PLACE/bin/python`. LeRobot runs in a process of its own; its
prompts are answered by the simulated person, who moves the simulated arm as they ask.
"""

import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.interop.bench import Bench
from tests.interop.calibrated import FOLDERS, NAME
from tests.interop.lerobot_bench import OnTheBench
from tests.interop.lerobot_client import LeRobot
from tests.interop.lerobot_rig import OnTheRig
from tests.interop.report import report
from tests.interop.rig import CALIBRATIONS
from tests.interop.teleoperation import ARMS


def versions(python: str) -> str:
    """What is tested, as pip names it."""
    script = "from importlib.metadata import version as v; print(v('lerobot'), v('dynamixel-sdk'))"
    said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    lerobot, sdk = said.stdout.split()
    return f"LeRobot {lerobot} with dynamixel-sdk {sdk}"


def calibrated_on_the_bench(python: str, folder: Path) -> bool:
    environ = {"HF_LEROBOT_CALIBRATION": str(folder)}
    with Bench() as bench, LeRobot(python, environ) as lerobot:
        title = f"{versions(python)}: two fresh arms on the workbench"
        return report(title, OnTheBench(bench, lerobot, environ).all())


def calibrated_by_file(python: str, home: Path) -> bool:
    environ = {"HF_LEROBOT_HOME": str(home)}
    for arm in ARMS:
        folder = home / "calibration" / FOLDERS[arm]
        folder.mkdir(parents=True)
        shutil.copy(CALIBRATIONS / f"sim_{arm}.json", folder / f"{NAME}.json")
    with ExitStack() as stack:
        lerobot = stack.enter_context(LeRobot(python, environ))
        checks = OnTheRig(lerobot, environ, Path(python).with_name("lerobot-teleoperate"))
        stack.enter_context(checks.rig)
        return report(f"{versions(python)}: the simulated rig", checks.all())


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.interop.lerobot_koch PLACE/bin/python", file=sys.stderr)
        return 2
    python = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        bench = calibrated_on_the_bench(python, Path(folder, "bench"))
        rig = calibrated_by_file(python, Path(folder, "rig"))
    return 0 if bench and rig else 1


if __name__ == "__main__":
    sys.exit(main())
