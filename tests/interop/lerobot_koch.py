"""LeRobot's own KochLeader and KochFollower on the simulated pair.

Run it from the checkout, with the interpreter of an environment that `build_lerobot.sh` made:
`python -m tests.interop.lerobot_koch PLACE/bin/python`. LeRobot runs in a process of its own; its
prompts are answered by the simulated person, who moves the simulated arm as they ask.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType

import numpy as np

from lerecord.arms import calibration, koch
from lerecord.arms.arm import ArmSettings
from lerecord.arms.calibration import Calibration
from lerecord.motors.tables import EEPROM_END
from tests.interop.bench import Bench, HeldArm
from tests.interop.lerobot_client import LeRobot
from tests.interop.report import Check, DisagreementError, expect, report
from tests.interop.rig import CALIBRATIONS, SimulatedRig
from tests.interop.teleoperation import (
    ARMS,
    LeRobotPair,
    OwnPair,
    Pair,
    Seen,
    Teleoperation,
    Units,
    scale_of,
)

NAME = "interop"
DRIVERS: Mapping[str, type[koch.Leader] | type[koch.Follower]] = MappingProxyType(
    {"leader": koch.Leader, "follower": koch.Follower}
)
FOLDERS = {"leader": "teleoperators/koch_leader", "follower": "robots/koch_follower"}
MIDDLE = "to the middle of its range of motion and press ENTER"
RANGES = "Press ENTER to stop..."
USE_FILE = "Press ENTER to use provided calibration file"
CLI_SECONDS = 5
_ROUNDED = 0.501  # counts: half, and what float32 leaves of it


def packaged(arm: str) -> Calibration:
    return calibration.load(CALIBRATIONS / f"sim_{arm}.json", DRIVERS[arm].motors)


def own_pair(ports: Mapping[str, str], calibrations: Mapping[str, Calibration]) -> OwnPair:
    def settings(arm: str) -> ArmSettings:
        return ArmSettings(arm, ports[arm])

    return OwnPair(
        koch.Leader(settings("leader"), calibrations["leader"], "normalized"),
        koch.Follower(settings("follower"), calibrations["follower"], "normalized"),
    )


class OnTheBench:
    """From nothing: two arms as they come from the workbench, calibrated by LeRobot."""

    def __init__(self, bench: Bench, lerobot: LeRobot, environ: Mapping[str, str]) -> None:
        self.bench, self.lerobot, self.environ = bench, lerobot, environ
        self.eeprom: dict[str, list[bytes]] = {}
        self.read: dict[str, list[Units]] = {}

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "calibrate the leader": lambda: self.calibrate("leader"),
            "calibrate the follower": lambda: self.calibrate("follower"),
            "LeRobot's files load here": self.load,
            "LeRobot reads held poses": self.lerobot_reads,
            "lerecord changes no EEPROM": self.own_connects,
            "lerecord reads the same": self.own_reads,
        }
        return [Check(name, run) for name, run in names.items()]

    def calibrate(self, arm: str) -> str:
        held = self.bench.arms[arm]
        self.lerobot.make(arm, self.bench.ports[arm], NAME)
        self.lerobot.begin(arm, "connect")
        self.lerobot.wait_for_prompt(MIDDLE)
        held.move(held.middle())
        self.lerobot.press_enter()
        self.lerobot.wait_for_prompt(RANGES)
        held.move(*held.sweep())
        self.lerobot.press_enter()
        self.lerobot.answer()
        expect("is_calibrated", self.lerobot.call(arm, "is_calibrated"), True)
        written = json.loads(self._file(arm).read_text())
        expect("its file", written, packaged(arm).as_mapping())
        return f"connect, prompts, configure; its file says what sim_{arm}.json says"

    def _file(self, arm: str) -> Path:
        return calibration.find(NAME, Path(), DRIVERS[arm].calibration_names, self.environ)

    def load(self) -> str:
        root = Path(self.environ["HF_LEROBOT_CALIBRATION"])
        for arm in ARMS:
            expect("place", self._file(arm), root / FOLDERS[arm] / f"{NAME}.json")
            loaded = calibration.load(self._file(arm), DRIVERS[arm].motors)
            expect(arm, loaded.joints, packaged(arm).joints)
        return f"{FOLDERS['leader']} and {FOLDERS['follower']} in $HF_LEROBOT_CALIBRATION"

    def _poses(self, held: HeldArm) -> list[tuple[float, ...]]:
        return [held.middle(), *held.sweep()[::2]]

    def lerobot_reads(self) -> str:
        pair = LeRobotPair(self.lerobot)
        for arm, held in self.bench.arms.items():
            self.lerobot.call(arm, "bus.disable_torque")
            scale = scale_of(packaged(arm))
            self.read[arm] = []
            for pose in self._poses(held):
                held.move(pose)
                self.read[arm].append(pair.read(arm))
                true = scale.to_units(list(held.positions().values()))
                expect(f"{arm} as in truth", self.read[arm][-1].tolist(), true.tolist())
            self.eeprom[arm] = self._memory(held)
            self.lerobot.call(arm, "disconnect")
        return f"{len(self.read['leader'])} poses of each arm, equal to truth to the last bit"

    def _memory(self, held: HeldArm) -> list[bytes]:
        return [servo.read(0, EEPROM_END) for servo in held.arm.servos]

    def _own(self) -> OwnPair:
        return own_pair(
            self.bench.ports,
            {arm: calibration.load(self._file(arm), DRIVERS[arm].motors) for arm in ARMS},
        )

    def own_connects(self) -> str:
        pair = self._own()
        for arm, own in (("leader", pair.leader), ("follower", pair.follower)):
            own.connect()
            own.disconnect()
            expect(f"EEPROM of the {arm}", self._memory(self.bench.arms[arm]), self.eeprom[arm])
        return "LeRobot's set-up is the one that lerecord wants"

    def own_reads(self) -> str:
        pair = self._own()
        pair.leader.connect()
        pair.follower.connect()
        pair.follower.release()
        for arm, held in self.bench.arms.items():
            for pose, lerobots in zip(self._poses(held), self.read[arm], strict=True):
                held.move(pose)
                ours = pair.read(arm).astype(np.float32)
                expect(f"{arm}", ours.tolist(), lerobots.astype(np.float32).tolist())
        pair.leader.disconnect()
        pair.follower.disconnect()
        return "the same poses, equal in float32 joint by joint"


class OnTheRig:
    """The simulated rig with its calibration files, as a user of LeRobot would bring them."""

    def __init__(self, lerobot: LeRobot, environ: Mapping[str, str], script: Path) -> None:
        self.lerobot, self.environ, self.script = lerobot, environ, script
        self.rig = SimulatedRig()
        self.calibrations: dict[str, Calibration] = {}
        self.still: dict[str, Units] = {}

    def all(self) -> list[Check]:
        names: dict[str, Callable[[], str]] = {
            "files are found": self.find,
            "follower takes its file": self.follower_by_file,
            "leader takes its file": self.leader_by_file,
            "leader after lerecord": self.leader_after_lerecord,
            "LeRobot teleoperates": self.lerobot_teleoperates,
            "LeRobot reads at rest": self.lerobot_rests,
            "lerobot-teleoperate": self.command_line,
            "lerecord reads at rest": self.own_rests,
            "lerecord teleoperates": self.own_teleoperates,
        }
        return [Check(name, run) for name, run in names.items()]

    def find(self) -> str:
        home = Path(self.environ["HF_LEROBOT_HOME"]) / "calibration"
        for arm in ARMS:
            names = DRIVERS[arm].calibration_names
            found = calibration.find(NAME, Path(), names, self.environ)
            expect("place", found, home / FOLDERS[arm] / f"{NAME}.json")
            self.calibrations[arm] = calibration.load(found, DRIVERS[arm].motors)
            self.lerobot.make(arm, self.rig.ports[arm], NAME)
            lerobots = self.lerobot.call(arm, "calibration")
            expect("what LeRobot loads", lerobots, self.calibrations[arm].as_mapping())
        return "in $HF_LEROBOT_HOME/calibration, by LeRobot and by lerecord, the same content"

    def _connect_by_file(self, arm: str) -> bool:
        self.lerobot.begin(arm, "connect")
        self.lerobot.wait_for_prompt(USE_FILE)
        self.lerobot.press_enter()
        self.lerobot.answer()
        return bool(self.lerobot.call(arm, "is_calibrated"))

    def follower_by_file(self) -> str:
        expect("is_calibrated", self._connect_by_file("follower"), True)
        return "ENTER at its prompt; is_calibrated"

    def leader_by_file(self) -> str:
        calibrated = self._connect_by_file("leader")
        expect("is_calibrated", calibrated, False)
        servos = self.lerobot.call("leader", "bus.read_calibration")
        wanted = self.calibrations["leader"].as_mapping()
        differing = [
            f"{joint}.{key}"
            for joint, values in wanted.items()
            for key, value in values.items()
            if servos[joint][key] != value
        ]
        expect("what LeRobot left unwritten", differing, ["elbow_flex.drive_mode"])
        self.lerobot.call("leader", "disconnect")
        return "LeRobot never writes elbow_flex.drive_mode: stays not is_calibrated"

    def leader_after_lerecord(self) -> str:
        own = own_pair(self.rig.ports, self.calibrations).leader
        own.connect()
        own.disconnect()
        self.lerobot.call("leader", "connect")
        expect("is_calibrated", self.lerobot.call("leader", "is_calibrated"), True)
        return "lerecord wrote Drive_Mode; LeRobot connects without a prompt, is_calibrated"

    def lerobot_teleoperates(self) -> str:
        return str(self._teleoperate(LeRobotPair(self.lerobot)))

    def _teleoperate(self, pair: Pair) -> Seen:
        return Teleoperation(self.rig, pair, self.calibrations).run()

    def lerobot_rests(self) -> str:
        self.rig.begin("idle")
        truth = self.rig.settle()
        pair = LeRobotPair(self.lerobot)
        for arm in ARMS:
            self.still[arm] = pair.read(arm)
            true = scale_of(self.calibrations[arm]).to_units(list(truth.positions[arm].values()))
            expect(arm, self.still[arm].tolist(), true.tolist())
            self.lerobot.call(arm, "disconnect")
        off = self.rig.truth().torque
        expect("torque", {t for arm in ARMS for t in off[arm].values()}, {False})
        return "12 joints equal to truth to the last bit; disconnect lets go of all"

    def command_line(self) -> str:
        arguments = [
            *("--robot.type=koch_follower", f"--robot.port={self.rig.ports['follower']}"),
            *("--teleop.type=koch_leader", f"--teleop.port={self.rig.ports['leader']}"),
            *(f"--robot.id={NAME}", f"--teleop.id={NAME}"),
            *("--fps=30", f"--teleop_time_s={CLI_SECONDS}"),
        ]
        done = subprocess.run(
            [self.script, *arguments],
            env={**os.environ, "HF_HUB_OFFLINE": "1", **self.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode != 0:
            raise DisagreementError(done.stderr[-500:])
        rates = [int(rate) for rate in re.findall(r"Teleop loop time: .*\((\d+) Hz\)", done.stdout)]
        return f"{CLI_SECONDS} s, {len(rates)} ticks, {int(np.median(rates))} Hz, exit status 0"

    def own_rests(self) -> str:
        pair = own_pair(self.rig.ports, self.calibrations)
        pair.leader.connect()
        self.rig.settle()
        seen = pair.read("leader").astype(np.float32)
        expect("leader", seen.tolist(), self.still["leader"].astype(np.float32).tolist())
        pair.leader.disconnect()
        return "the leader's 6 joints as LeRobot read them, equal in float32"

    def own_teleoperates(self) -> str:
        pair = own_pair(self.rig.ports, self.calibrations)
        pair.leader.connect()
        pair.follower.connect()
        seen = self._teleoperate(pair)
        expect(f"goals are the nearest counts ({seen})", seen.worst_goal < _ROUNDED, True)
        pair.follower.release()
        pair.follower.disconnect()
        pair.leader.disconnect()
        return str(seen)


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
