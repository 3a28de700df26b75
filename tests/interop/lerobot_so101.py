"""LeRobot's own SO101Leader and SO101Follower on the simulated STS3215 servos.

Run it from the checkout, with the interpreter of an environment that `build_lerobot.sh` made, and
into which `feetech-servo-sdk` was installed:
`python -m tests.interop.lerobot_so101 PLACE/bin/python`. LeRobot runs in a process of its own; its
prompts are answered by the simulated person, who moves the simulated arm as they ask.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from lerecord.arms import ArmDriver, ArmSettings, Calibration, calibration, so101
from lerecord.arms.so101 import MOTORS
from lerecord.arms.units import Units
from lerecord.simulator.rigs import RIGS
from tests.interop.bench import Bench, HeldArm
from tests.interop.calibrated import NAME, USE_FILE
from tests.interop.lerobot_bench import Calibrating, Kind
from tests.interop.lerobot_client import LeRobot
from tests.interop.report import Check, expect, report
from tests.interop.rig import CALIBRATIONS, SimulatedRig
from tests.interop.teleoperation import ARMS, LeRobotPair, OwnPair, Teleoperation

NAMES = {"0.3.3": "so101", "0.6.1": "so"}
_RECORDS_EVERY_RANGE = ("0.3.3",)  # later versions give wrist_roll the whole turn
_FOLDERS = {"leader": "teleoperators/so_leader", "follower": "robots/so_follower"}
DRIVERS: Mapping[str, ArmDriver] = {"leader": so101.Leader, "follower": so101.Follower}
_EEPROM = 40
_SAME_UNITS = 1e-4


def packaged(arm: str) -> Calibration:
    return calibration.load(CALIBRATIONS / f"sim_so101_{arm}.json", MOTORS)


def swept(arm: str) -> Calibration:
    """The packaged calibration, but with the range of each joint from stop to stop."""
    rig = RIGS["so101"]
    made = rig.leader() if arm == "leader" else rig.follower()
    made.mounts = tuple(replace(mount, is_full_turn=False) for mount in made.mounts)
    joints = {name: asdict(joint) for name, joint in made.calibration().items()}
    return calibration.parse(joints, MOTORS, f"stops of the simulated {arm}")


def own_pair(ports: Mapping[str, str], files: Mapping[str, Calibration], units: Units) -> OwnPair:
    """lerecord's arms."""
    settings = {arm: ArmSettings(arm, ports[arm]) for arm in ARMS}
    return OwnPair(
        so101.Leader(settings["leader"], files["leader"], units),
        so101.Follower(settings["follower"], files["follower"], units),
    )


def kind_of(version: str) -> Kind:
    """SO-101 arms, as a version of LeRobot knows them."""
    folders = {arm: folder.replace("so", NAMES[version], 1) for arm, folder in _FOLDERS.items()}
    written = swept if version in _RECORDS_EVERY_RANGE else packaged
    return Kind(DRIVERS, folders, written, {"degrees": True}, _EEPROM)


class OnTheBench(Calibrating):
    """From nothing: two arms as they come from the workbench, calibrated by LeRobot."""

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "calibrate the leader": lambda: self.calibrate("leader"),
            "calibrate the follower": lambda: self.calibrate("follower"),
            "LeRobot's files load here": self.load,
            "normalized, both read": lambda: self.both_read("normalized"),
            "degrees, both read": lambda: self.both_read("degrees"),
            "what LeRobot has set up": self.set_up,
        }
        return [Check(name, run) for name, run in names.items()]

    def calibrate(self, arm: str) -> str:
        seen = super().calibrate(arm)
        self.lerobot.call(arm, "bus.disable_torque")
        self.lerobot.call(arm, "disconnect")
        return seen

    def both_read(self, units: Units) -> str:
        """The same poses by LeRobot and by lerecord, in one kind of units."""
        farthest, count = 0.0, 0
        files = {arm: self.kind.written(arm) for arm in ARMS}
        for arm, held in self.bench.arms.items():
            poses = [held.middle(), *held.sweep()]
            lerobots = self._lerobot_reads(arm, held, poses, units)
            pair = own_pair(self.bench.ports, files, units)
            own = pair.leader if arm == "leader" else pair.follower
            self.eeprom[arm] = self.memory(held)
            own.connect()
            if arm == "follower":
                pair.follower.release()
            for pose, theirs in zip(poses, lerobots, strict=True):
                held.move(pose)
                ours = np.asarray(own.read(), np.float64)
                farthest, count = max(farthest, float(np.abs(ours - theirs).max())), count + 1
            own.disconnect()
        expect(f"{farthest} apart at most", farthest < _SAME_UNITS, True)
        return f"{count} poses of each joint, {farthest:.0e} {units} apart at most"

    def _lerobot_reads(
        self, arm: str, held: HeldArm, poses: list[tuple[float, ...]], units: Units
    ) -> list[np.ndarray]:
        self.lerobot.make(arm, self.bench.ports[arm], NAME, degrees=units == "degrees")
        self.lerobot.call(arm, "connect")
        self.lerobot.call(arm, "bus.disable_torque")
        read = []
        for pose in poses:
            held.move(pose)
            read.append(LeRobotPair(self.lerobot).read(arm))
        self.lerobot.call(arm, "disconnect")
        return read

    def set_up(self) -> str:
        """lerecord connected to both arms in between."""
        for arm, held in self.bench.arms.items():
            expect(f"EEPROM of the {arm}", self.memory(held), self.eeprom[arm])
        return "lerecord changed no byte of EEPROM: LeRobot's set-up is the one that it wants"


class OnTheRig:
    """The simulated rig with its calibration files, as a user of LeRobot would bring them."""

    def __init__(self, lerobot: LeRobot) -> None:
        self.lerobot = lerobot
        self.rig = SimulatedRig(rig="so101")
        self.files = {arm: packaged(arm) for arm in ARMS}

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "LeRobot takes its files": self.connect,
            "LeRobot teleoperates": self.lerobot_teleoperates,
            "lerecord teleoperates": self.own_teleoperates,
        }
        return [Check(name, run) for name, run in names.items()]

    def connect(self) -> str:
        for arm in ARMS:
            self.lerobot.make(arm, self.rig.ports[arm], NAME, degrees=False)
            self.lerobot.call(arm, "connect")
            expect("is_calibrated", self.lerobot.call(arm, "is_calibrated"), True)
        return f"both arms without a prompt (not {USE_FILE[:11]!r}...), is_calibrated"

    def lerobot_teleoperates(self) -> str:
        seen = Teleoperation(self.rig, LeRobotPair(self.lerobot), self.files).run()
        for arm in ARMS:
            self.lerobot.call(arm, "disconnect")
        off = self.rig.truth().torque
        expect("torque", {t for arm in ARMS for t in off[arm].values()}, {False})
        return str(seen)

    def own_teleoperates(self) -> str:
        pair = own_pair(self.rig.ports, self.files, "normalized")
        pair.leader.connect()
        pair.follower.connect()
        seen = Teleoperation(self.rig, pair, self.files).run()
        pair.follower.release()
        pair.follower.disconnect()
        pair.leader.disconnect()
        return str(seen)


def versions(python: str) -> tuple[str, str]:
    """LeRobot's, and what is tested, as pip names it."""
    script = (
        "from importlib.metadata import version as v; print(v('lerobot'), v('feetech-servo-sdk'))"
    )
    said = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    lerobot, sdk = said.stdout.split()
    return lerobot, f"LeRobot {lerobot} with feetech-servo-sdk {sdk}"


def calibrated_on_the_bench(python: str, folder: Path) -> bool:
    environ = {"HF_LEROBOT_CALIBRATION": str(folder)}
    with Bench("so101") as bench, LeRobot(python, environ) as lerobot:
        version, told = versions(python)
        checks = OnTheBench(kind_of(version), bench, lerobot, environ).all()
        return report(f"{told}: two fresh SO-101 arms on the workbench", checks)


def calibrated_by_file(python: str, folder: Path) -> bool:
    version, told = versions(python)
    for arm, name in kind_of(version).folders.items():
        (folder / name).mkdir(parents=True)
        shutil.copy(CALIBRATIONS / f"sim_so101_{arm}.json", folder / name / f"{NAME}.json")
    with LeRobot(python, {"HF_LEROBOT_CALIBRATION": str(folder)}) as lerobot:
        checks = OnTheRig(lerobot)
        with checks.rig:
            return report(f"{told}: the simulated SO-101 rig", checks.all())


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tests.interop.lerobot_so101 PLACE/bin/python", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        bench = calibrated_on_the_bench(sys.argv[1], Path(folder, "bench"))
        rig = calibrated_by_file(sys.argv[1], Path(folder, "rig"))
    return 0 if bench and rig else 1


if __name__ == "__main__":
    sys.exit(main())
