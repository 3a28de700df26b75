"""Which arm is on a port: arms of a kind look alike, and plugs are swapped.

Models and ids tell kinds and roles of arms apart, and the calibration that servos hold tells one
arm from another. An arm whose servos hold none yet is only told by its models.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from lerecord import drivers
from lerecord.arms import calibration
from lerecord.arms.calibration import Calibration
from lerecord.arms.protocols import ArmDriver, ArmSettings
from lerecord.config import (
    SIMULATED_PLACE,
    ArmConfig,
    HardwareConfig,
    config_folders,
    load_config,
)
from lerecord.errors import ConfigError, LerecordError
from lerecord.motors import SilentArmError

ROLES = {"leader": "Leader", "follower": "Follower"}
"""Roles of arms in a config, and what a driver's module calls what drives them."""


def driver_of(arm: ArmConfig, role: str) -> ArmDriver:
    """What drives an arm of a config in a role.

    Raises:
        ConfigError: no driver has that name.
    """
    return cast("ArmDriver", getattr(drivers.load("arms", arm.driver), ROLES[role]))


def calibration_of(
    arm: ArmConfig, driver: ArmDriver, folder: Path, environ: Mapping[str, str]
) -> Calibration:
    """The calibration that the config of an arm names, from its file; empty for a plug-in's.

    Args:
        arm: its table.
        driver: what drives it.
        folder: that the config lies in.
        environ: the environment.

    Raises:
        ConfigError: there is none, or it does not fit the arm.
    """
    if arm.python is not None:  # a plug-in has its own
        return Calibration({}, "")
    found = calibration.find(arm.calibration, folder, driver.calibration_names, environ)
    return calibration.load(found, driver.motors)


@dataclass(frozen=True, slots=True)
class KnownArm:
    """An arm of a hardware config, and what its servos hold.

    Attributes:
        pair: as in `[arms.main.leader]`: main.
        role: "leader" or "follower".
        config: its table.
        calibration: of its file.
        rig: name of the hardware config, where it is another one.
    """

    pair: str
    role: str
    config: ArmConfig
    calibration: Calibration
    rig: str = ""

    @property
    def name(self) -> str:
        """As messages name it."""
        return f"{self.pair} {self.role}" + (f" of {self.rig}" if self.rig else "")

    @property
    def table(self) -> str:
        """As the config writes it."""
        return f"[arms.{self.pair}.{self.role}]"

    @property
    def driver(self) -> ArmDriver:
        """What drives it."""
        return driver_of(self.config, self.role)

    def examine_on(self, port: str) -> None:
        """See that it is what a port carries; nothing is written into its EEPROM.

        Raises:
            LerecordError: another arm is, or none.
        """
        settings = ArmSettings(self.name, port, self.config.baud)
        self.driver(settings, self.calibration, "normalized").examine()

    def is_on(self, port: str) -> bool:
        """Whether it is what a port carries."""
        try:
            self.examine_on(port)
        except LerecordError:
            return False
        return True


def known_arms(
    config: HardwareConfig, folder: Path, environ: Mapping[str, str], rig: str = ""
) -> Iterator[KnownArm]:
    """The arms of a config that are calibrated, but for those whose servos only a plug-in knows.

    Args:
        config: of the rig.
        folder: that it lies in.
        environ: the environment.
        rig: its name, where it is another one.
    """
    for pair, arms in config.arms.items():
        for role, arm in arms.roles.items():
            try:
                found = calibration_of(arm, driver_of(arm, role), folder, environ)
            except (ConfigError, ImportError):
                continue
            if found.joints:
                yield KnownArm(pair, role, arm, found, rig)


def other_arms(config: HardwareConfig, environ: Mapping[str, str]) -> Iterator[KnownArm]:
    """The arms of the other rigs of this computer, of the kinds that a rig has.

    Args:
        config: of the rig.
        environ: the environment.
    """
    kinds = {arm.driver for pair in config.arms.values() for arm in pair.roles.values()}
    for path in (path for folder in config_folders() for path in sorted(folder.glob("*.toml"))):
        try:
            other = load_config(path)
        except ConfigError:
            continue
        if other.arms != config.arms:
            for arm in known_arms(other, path.parent, environ, path.stem):
                if arm.config.driver in kinds and not arm.config.port.startswith(SIMULATED_PLACE):
                    yield arm


def misplaced(own: Sequence[KnownArm], others: Callable[[], Iterable[KnownArm]]) -> str | None:
    """Which ports carry other arms than the config says, in a sentence; None when none is known to.

    Args:
        own: the arms of the config that are plugged in, all of them calibrated.
        others: further arms that they may have been mistaken for.
    """
    found: dict[str, KnownArm] = {}
    further: list[KnownArm] | None = None
    for arm in own:
        try:
            arm.examine_on(arm.config.port)
            continue
        except SilentArmError:
            kinds = {each.config.driver for each in own} - {arm.config.driver}
        except LerecordError:
            kinds = {each.config.driver for each in own}
        further = list(others()) if further is None else further
        for candidates in (own, further):
            tried = (each for each in candidates if each is not arm and each.config.driver in kinds)
            on_it = [each for each in tried if each.is_on(arm.config.port)]
            if len(on_it) == 1:
                found[arm.table] = on_it[0]
                break
    return _told(own, found) if found else None


def _told(own: Sequence[KnownArm], found: Mapping[str, KnownArm]) -> str:
    places = {arm.table: arm.config.port for arm in own}
    carries = [
        f"{places[table]}, the port of {table}, carries the {arm.name}"
        for table, arm in found.items()
    ]
    moved = [
        f'port = "{places[table]}" in {arm.table}' for table, arm in found.items() if not arm.rig
    ]
    rigs = sorted({arm.rig for arm in found.values() if arm.rig})
    remedies = [
        *([f"swap the plugs, or write {' and '.join(moved)} of the hardware config"] * bool(moved)),
        *(f"plug this rig's own arms in, or use that one with --hardware {rig}" for rig in rigs),
    ]
    return f"{' and '.join(carries)}: {'; '.join(remedies)}."
