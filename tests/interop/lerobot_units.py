"""LeRobot's units and ours of every count of every joint, of both makes, in both kinds of units.

    python -m tests.interop.lerobot_units PLACE/bin/python...

with interpreters of environments that `build_lerobot.sh` made, and into which `feetech-servo-sdk`
was installed.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from lerecord.arms import ArmDriver, Calibration, calibration, koch, so101
from lerecord.arms.six_joints import scale_of
from lerecord.arms.units import Units
from tests.interop.report import Check, expect, report
from tests.interop.rig import CALIBRATIONS

PEER = Path(__file__).with_name("lerobot_units_peer.py")
DRIVERS: Mapping[tuple[str, str], tuple[ArmDriver, str]] = {
    ("koch", "leader"): (koch.Leader, "sim_leader.json"),
    ("koch", "follower"): (koch.Follower, "sim_follower.json"),
    ("so101", "leader"): (so101.Leader, "sim_so101_leader.json"),
    ("so101", "follower"): (so101.Follower, "sim_so101_follower.json"),
}
UNITS: tuple[Units, ...] = ("normalized", "degrees")
_COUNTS = np.arange(4096)
_SAME = 1e-4


def compared(python: str, place: tuple[str, str], units: Units) -> str:
    make, _ = place
    driver, file = DRIVERS[place]
    held = calibration.load(CALIBRATIONS / file, driver.motors)
    asked = {"make": make, "degrees": units == "degrees", "calibration": held.as_mapping()}
    done = subprocess.run(
        [python, PEER], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    expect(f"exit status ({done.stderr[-300:]})", done.returncode, 0)
    theirs = np.array(list(json.loads(done.stdout.splitlines()[-1]).values())).T
    farthest = np.abs(ours(make, held, units) - theirs).max()
    expect(f"{farthest} apart at most", farthest < _SAME, True)
    return f"{theirs.size} values, {farthest:.0e} apart at most"


def ours(make: str, held: Calibration, units: Units) -> np.ndarray:
    motors = koch.Follower.motors if make == "koch" else so101.MOTORS
    scale = scale_of(held, units, motors, reverses=make == "so101")
    return np.array([scale.to_units(np.full(len(motors), count)) for count in _COUNTS])


def checks(python: str) -> Iterator[Check]:
    for place in DRIVERS:
        for units in UNITS:
            name = f"{' '.join(place)}, {units}"
            yield Check(name, lambda place=place, units=units: compared(python, place, units))  # type: ignore[misc]


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python -m tests.interop.lerobot_units PLACE/bin/python...", file=sys.stderr)
        return 2
    agreed = [
        report(f"Units by LeRobot in {Path(python).parts[-3]}", list(checks(python)))
        for python in sys.argv[1:]
    ]
    return 0 if all(agreed) else 1


if __name__ == "__main__":
    sys.exit(main())
