"""A pair of arms as a hardware config describes it, made and checked; nothing is connected yet."""

from collections.abc import Mapping
from typing import cast

from lerecord import drivers
from lerecord.arms import ArmDriver, ArmSettings, Calibration, Ceiling, Follower, Leader
from lerecord.config import ArmConfig, HardwareConfig, SafetyConfig
from lerecord.control.pair import Pair
from lerecord.errors import ConfigError
from lerecord.motors import Retry

_CLASSES = {"leader": "Leader", "follower": "Follower"}
_RETRY_SHARE = 0.8  # of a slot: no further try of a read starts later


def make_pair(
    config: HardwareConfig,
    name: str,
    calibrations: Mapping[str, Calibration],
    write_calibration: bool,
    leaders: bool,
) -> Pair:
    """A pair of the config, not connected yet.

    Args:
        config: with the ports at which the arms are reached.
        name: of the pair.
        calibrations: "leader" and "follower" to calibration.
        write_calibration: write the calibrations also into servos that hold others.
        leaders: False: the follower alone; its leader is not contacted.

    Raises:
        ConfigError: the arms do not fit each other, or the config asks more than they take.
    """
    arms = config.arms[name]
    if leaders and arms.leader is None:
        raise ConfigError(
            f"[arms.{name}] in the hardware config has no leader: add one; `lerecord record "
            f"--by-hand` needs none."
        )
    made = {
        role: _made(config, (f"{name} {role}", role), arm, calibrations[role], write_calibration)
        for role, arm in arms.roles.items()
        if leaders or role == "follower"
    }
    leader, follower = made.get("leader"), cast("Follower", made["follower"])
    if leader is not None and arms.leader is not None and leader.joints != follower.joints:
        raise ConfigError(
            f"[arms.{name}] pairs a {arms.leader.driver} leader with a {arms.follower.driver} "
            f"follower that has other joints; give both the same kind of arm."
        )
    _check_ceiling(config.safety, arms.follower.driver, follower.ceiling)
    return Pair(name, leader, follower)


def _made(
    config: HardwareConfig,
    named: tuple[str, str],
    arm: ArmConfig,
    calibration: Calibration,
    write_calibration: bool,
) -> Leader:
    """An arm of the config by its name and its role."""
    name, role = named
    settings = ArmSettings(
        name=name,
        port=arm.port,
        baud=arm.baud,
        limits=arm.limits,
        retry=Retry(budget_s=_RETRY_SHARE / config.fps),
        write_calibration=write_calibration,
        python=arm.python,
        options=arm.options,
    )
    driver: ArmDriver = getattr(drivers.load("arms", arm.driver), _CLASSES[role])
    return driver(settings, calibration, config.units)


def _check_ceiling(safety: SafetyConfig, driver: str, ceiling: Ceiling) -> None:
    for key in ("max_speed", "ramp_speed", "align_tolerance"):
        asked, most = getattr(safety, key), getattr(ceiling, key)
        if asked > most:
            raise ConfigError(
                f"{key} in [safety] is {asked:g}, and a {driver} follower takes {most:g} at most: "
                f"lower it in the hardware config."
            )
