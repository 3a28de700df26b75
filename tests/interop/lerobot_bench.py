"""From nothing: two arms as they come from the workbench, calibrated by LeRobot."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lerecord.arms import ArmDriver, Calibration, calibration
from lerecord.motors.dynamixel import EEPROM_END
from tests.interop.bench import Bench, HeldArm
from tests.interop.calibrated import DRIVERS, FOLDERS, MIDDLE, NAME, RANGES, own_pair, packaged
from tests.interop.lerobot_client import LeRobot
from tests.interop.report import Check, expect
from tests.interop.teleoperation import ARMS, LeRobotPair, OwnPair, Units, scale_of


@dataclass(frozen=True)
class Kind:
    """A make of arms, as LeRobot knows it.

    Attributes:
        drivers: lerecord's, by arm.
        folders: in which LeRobot keeps calibrations, by arm.
        written: the calibration that LeRobot gives the simulated arm.
        options: of LeRobot's arms.
        eeprom_end: the first address that is no EEPROM.
    """

    drivers: Mapping[str, ArmDriver]
    folders: Mapping[str, str]
    written: Callable[[str], Calibration]
    options: Mapping[str, object]
    eeprom_end: int


KOCH = Kind(DRIVERS, FOLDERS, packaged, {}, EEPROM_END)


class Calibrating:
    """What is checked of every make: LeRobot calibrates, and its files load here.

    Args:
        kind: of the arms.
        bench: with both of them.
        lerobot: whose own arms are used.
        environ: in which it runs.
    """

    def __init__(
        self, kind: Kind, bench: Bench, lerobot: LeRobot, environ: Mapping[str, str]
    ) -> None:
        self.kind, self.bench, self.lerobot, self.environ = kind, bench, lerobot, environ
        self.eeprom: dict[str, list[bytes]] = {}

    def calibrate(self, arm: str) -> str:
        held = self.bench.arms[arm]
        self.lerobot.make(arm, self.bench.ports[arm], NAME, **self.kind.options)
        self.lerobot.begin(arm, "connect")
        self.lerobot.wait_for_prompt(MIDDLE)
        held.move(held.middle())
        self.lerobot.press_enter()
        self.lerobot.wait_for_prompt(RANGES)
        held.move(*held.sweep())
        self.lerobot.press_enter()
        self.lerobot.answer()
        expect("is_calibrated", self.lerobot.call(arm, "is_calibrated"), True)
        written = json.loads(self.file(arm).read_text())
        expect("its file", written, self.kind.written(arm).as_mapping())
        return "connect, prompts, configure; its file says what the arm is"

    def file(self, arm: str) -> Path:
        names = self.kind.drivers[arm].calibration_names
        return calibration.find(NAME, Path(), names, self.environ)

    def load(self) -> str:
        root = Path(self.environ["HF_LEROBOT_CALIBRATION"])
        for arm, folder in self.kind.folders.items():
            expect("place", self.file(arm), root / folder / f"{NAME}.json")
            loaded = calibration.load(self.file(arm), self.kind.drivers[arm].motors)
            expect(arm, loaded.joints, self.kind.written(arm).joints)
        return f"{' and '.join(self.kind.folders.values())} in $HF_LEROBOT_CALIBRATION"

    def memory(self, held: HeldArm) -> list[bytes]:
        return [servo.read(0, self.kind.eeprom_end) for servo in held.arm.servos]


class OnTheBench(Calibrating):
    """From nothing: two Koch arms as they come from the workbench, calibrated by LeRobot."""

    def __init__(self, bench: Bench, lerobot: LeRobot, environ: Mapping[str, str]) -> None:
        super().__init__(KOCH, bench, lerobot, environ)
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
            self.eeprom[arm] = self.memory(held)
            self.lerobot.call(arm, "disconnect")
        return f"{len(self.read['leader'])} poses of each arm, equal to truth to the last bit"

    def _own(self) -> OwnPair:
        return own_pair(
            self.bench.ports,
            {arm: calibration.load(self.file(arm), DRIVERS[arm].motors) for arm in ARMS},
        )

    def own_connects(self) -> str:
        pair = self._own()
        for arm, own in (("leader", pair.leader), ("follower", pair.follower)):
            own.connect()
            own.disconnect()
            expect(f"EEPROM of the {arm}", self.memory(self.bench.arms[arm]), self.eeprom[arm])
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
