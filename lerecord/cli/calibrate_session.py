"""What `lerecord calibrate` does, as a person with both hands on the arm sees it."""

import os
from collections.abc import Sequence
from contextlib import closing

import numpy as np
from rich.console import Console
from rich.live import Live

from lerecord.arms import ArmSettings, Calibration, calibration
from lerecord.bringup import ArmPlace, ArmToCalibrate, Ranges, arm_named, arm_places
from lerecord.cli.output import Output
from lerecord.cli.typed_lines import BrokenOffError, TypedLines
from lerecord.config import SIMULATED_PLACE, find_config, load_config
from lerecord.errors import ConfigError
from lerecord.ui.terminal import JointRange, ranges_table

_LOOK_S = 0.05  # no hand turns a joint by half a turn meanwhile
_DEGREES_PER_TURN = 360.0
_BROKEN_OFF = "Stopped; the calibration was not changed."
_NO_HARDWARE = (
    "Name the rig with --hardware: a simulated one is calibrated as it comes, as nobody is there "
    "to move its arms."
)


def calibrate_by_hand(name: str, hardware: str | None, output: Output) -> None:
    """Let a person move the joints of an arm through their ranges, and keep what that gives.

    Raises:
        LerecordError: the arm cannot be reached, or it was broken off; nothing has changed.
    """
    place = _place(name, hardware)
    arm = ArmToCalibrate(place.name, place.driver, place.bus())
    lines = TypedLines(_BROKEN_OFF)
    lines.ask(
        f"The {place.name} on {place.config.port} goes limp now: hold it, then press Enter "
        f"(q quits)."
    )
    arm.open()
    with closing(arm):
        lines.ask("Move every joint to the middle of its range, then press Enter.")
        middle, ranges = arm.ranges()
        _move_through(arm, place, ranges, lines)
        found = arm.calibration(middle, ranges, str(place.calibration_file))
        _keep(place, found)
        arm.write(found)
    _report(place, found, output)


def take_over(name: str, hardware: str | None, lerobot_id: str, output: Output) -> None:
    """Write the calibration that LeRobot has by an id into servos and file of an arm.

    Raises:
        LerecordError: there is none, it does not fit the arm, or the arm cannot be reached.
    """
    place = _place(name, hardware)
    driver = place.driver
    path = calibration.find(lerobot_id, place.folder, driver.calibration_names, os.environ)
    found = calibration.load(path, driver.motors)
    driver(_settings(place), found, "normalized").write_set_up()
    _keep(place, found)
    _report(place, found, output)


def compare(name: str, hardware: str | None, output: Output) -> None:
    """Say whether the servos of an arm hold the calibration of its file.

    Raises:
        LerecordError: they hold another one; each joint is named.
    """
    place = _place(name, hardware)
    held = calibration.load(place.calibration_file, place.driver.motors)
    place.driver(_settings(place), held, "normalized").examine()
    agreed = f"The servos of the {place.name} agree with {held.source}."
    output.result({"arm": place.name, "file": held.source, "agrees": True}, [agreed])


def real_arms(hardware: str | None) -> list[ArmPlace]:
    """The arms of a rig that is plugged in.

    Raises:
        ConfigError: none is named, or it is one that the recorder simulates itself.
    """
    if hardware is None:
        raise ConfigError(_NO_HARDWARE)
    path = find_config(hardware)
    places = arm_places(load_config(path), path.parent)
    if any(each.config.port.startswith(SIMULATED_PLACE) for each in places):
        raise ConfigError(_NO_HARDWARE)
    return places


def _place(name: str, hardware: str | None) -> ArmPlace:
    return arm_named(name, real_arms(hardware))


def _settings(place: ArmPlace) -> ArmSettings:
    return ArmSettings(place.name, place.config.port, place.config.baud)


def _move_through(arm: ArmToCalibrate, place: ArmPlace, ranges: Ranges, lines: TypedLines) -> None:
    hint = "Move every joint from one end to the other, then press Enter (q quits)."
    turning = place.driver.turning_joints
    console = Console(stderr=True)
    with lines.unseen(), Live(console=console, auto_refresh=False) as live:
        while True:
            ranges.see(arm.shafts())
            live.update(ranges_table(_shown(arm.joints, ranges, turning), hint), refresh=True)
            if not lines.next(_LOOK_S):
                continue
            if not (faults := arm.judged(ranges)):
                return
            hint = " ".join(faults)
            if any("begin again" in fault for fault in faults):
                raise BrokenOffError(f"{hint} Nothing was changed.")


def _shown(joints: Sequence[str], ranges: Ranges, turning: Sequence[str]) -> list[JointRange]:
    counts = np.stack([ranges.low, ranges.high, ranges.now], axis=1)
    degrees = (counts * ranges.degrees_per_count[:, None]).tolist()
    return [
        JointRange(joint, low, high, now, joint in turning)
        for joint, (low, high, now) in zip(joints, degrees, strict=True)
    ]


def _keep(place: ArmPlace, found: Calibration) -> None:
    """Write the file; one that was there before stays beside it."""
    path = place.calibration_file
    if path.is_file():
        path.replace(path.with_name(f"{path.name}.old"))
    found.save(path)


def _report(place: ArmPlace, found: Calibration, output: Output) -> None:
    file = place.calibration_file
    ranges = (
        f"  {name:14} {joint.range_min:4d} to {joint.range_max:4d}"
        for name, joint in found.joints.items()
    )
    output.result(
        {"arm": place.name, "file": file, "calibration": found.as_mapping()},
        [f"The {place.name} is calibrated, in counts of its servos:", *ranges, f"  {file}"],
    )
