"""Which arm of a rig a command means, and what is known of it before it is calibrated."""

import os
from dataclasses import dataclass
from pathlib import Path

from lerecord.arms import ROLES, ArmDriver, calibration, driver_of
from lerecord.bringup.makes import make_of
from lerecord.config import ArmConfig, HardwareConfig
from lerecord.errors import ConfigError
from lerecord.motors import MotorBus, WaitingPort


@dataclass(frozen=True, slots=True)
class ArmPlace:
    """An arm of a hardware config.

    Attributes:
        pair: as in `[arms.main.leader]`: main.
        role: "leader" or "follower".
        config: its table.
        folder: from which a relative path of its calibration starts.
    """

    pair: str
    role: str
    config: ArmConfig
    folder: Path

    @property
    def name(self) -> str:
        """As messages name it."""
        return f"{self.pair} {self.role}"

    @property
    def driver(self) -> ArmDriver:
        """What drives such an arm."""
        return driver_of(self.config, self.role)

    @property
    def calibration_file(self) -> Path:
        """Where its calibration is, or is to be."""
        names = self.driver.calibration_names
        return calibration.place(self.config.calibration, self.folder, names, os.environ)

    def bus(self) -> MotorBus:
        """A bus with its servos, not yet open."""
        motors = self.driver.motors
        return make_of(motors[0].model).bus(WaitingPort(self.config.port, self.config.baud), motors)


def arm_places(config: HardwareConfig, folder: Path) -> list[ArmPlace]:
    """Every arm of a rig whose servos are known, leaders first; those of plug-ins are LeRobot's.

    Args:
        config: of the rig.
        folder: that the config lies in.
    """
    return [
        ArmPlace(name, role, pair.roles[role], folder)
        for role in ROLES
        for name, pair in config.arms.items()
        if role in pair.roles and pair.roles[role].python is None
    ]


def arm_named(name: str, places: list[ArmPlace]) -> ArmPlace:
    """The arm that a person means by "leader" or "main.leader".

    Raises:
        ConfigError: there is none, or more than one.
    """
    meant = [each for each in places if name in (each.role, f"{each.pair}.{each.role}")]
    if len(meant) == 1:
        return meant[0]
    if not places:
        raise ConfigError("LeRobot drives every arm of this rig: use its own commands for them.")
    known = ", ".join(f"{each.pair}.{each.role}" for each in places)
    if meant:
        raise ConfigError(f"The rig has several arms {name!r}: name one of {known}.")
    raise ConfigError(f"The rig has no arm {name!r}: name one of {known}.")
