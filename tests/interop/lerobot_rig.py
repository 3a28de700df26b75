"""The simulated rig with its calibration files, as a user of LeRobot would bring them."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from lerecord.arms import Calibration, calibration
from lerecord.motors import WaitingPort
from lerecord.motors.dynamixel import DynamixelBus
from tests.interop.calibrated import DRIVERS, FOLDERS, NAME, USE_FILE, own_pair
from tests.interop.lerobot_client import LeRobot
from tests.interop.report import Check, DisagreementError, expect
from tests.interop.rig import SimulatedRig
from tests.interop.teleoperation import (
    ARMS,
    FPS,
    LeRobotPair,
    Pair,
    Seen,
    Teleoperation,
    Units,
    scale_of,
)

CLI_SECONDS = 5
BAUD = 1_000_000
NEW = {"Drive_Mode": 0, "Homing_Offset": 0, "Min_Position_Limit": 0, "Max_Position_Limit": 4095}
"""What a servo holds that was never calibrated."""


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
            "servos as they are new": self.forget,
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

    def forget(self) -> str:
        """The simulated arms come calibrated: take that out of their servos."""
        for arm in ARMS:
            bus = DynamixelBus(WaitingPort(self.rig.ports[arm], BAUD), DRIVERS[arm].motors)
            bus.open()
            for motor in bus.motors:
                for register, value in NEW.items():
                    bus.write(register, motor.name, value)
            bus.close()
        return "12 servos without a calibration"

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
        own = own_pair(self.rig.ports, self.calibrations, write=True).leader
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
            *(f"--fps={FPS}", f"--teleop_time_s={CLI_SECONDS}"),
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
        rates = [int(rate) for rate in re.findall(r"time: .*\((\d+) Hz\)", done.stdout)]
        expect("most of the ticks", len(rates) > CLI_SECONDS * FPS * 0.8, True)
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
        pair.follower.release()
        pair.follower.disconnect()
        pair.leader.disconnect()
        return str(seen)
