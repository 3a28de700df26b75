"""The arms of a rig are examined before the first is driven: each is the one that is meant."""

import os
from collections.abc import Mapping, Sequence

from lerecord.arms import Calibration, KnownArm, misplaced, other_arms
from lerecord.config import HardwareConfig
from lerecord.control.pair import Pair
from lerecord.errors import ConfigError, LerecordError

Calibrations = Mapping[str, Mapping[str, Calibration]]
"""Pair name, then "leader" or "follower"."""


def examine(
    pairs: Sequence[Pair],
    config: HardwareConfig,
    calibrations: Calibrations,
    write_calibration: bool,
) -> None:
    """Check the arms; nothing moves, and nothing that lasts is written.

    A port that carries another arm of this rig, or of another one, is named; also when calibrations
    are to be written, which is for servos that hold none of a known arm.

    Raises:
        LerecordError: an arm is not there, or not the one that is meant.
    """
    own = [
        KnownArm(pair.name, role, config.arms[pair.name].roles[role], each)
        for pair in pairs
        for role, each in calibrations[pair.name].items()
        if each.joints and role in pair.drivers  # what servos of plug-ins hold is not known
    ]
    if write_calibration:
        _require_in_place(own, config, None)
    try:
        for pair in pairs:
            pair.examine()
    except LerecordError as error:
        _require_in_place(own, config, error)
        raise


def _require_in_place(
    own: Sequence[KnownArm], config: HardwareConfig, error: LerecordError | None
) -> None:
    told = misplaced(own, lambda: other_arms(config, os.environ))
    if told is not None:
        raise ConfigError(told) from error
