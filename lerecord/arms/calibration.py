"""LeRobot's calibration files: read, checked, written, found.

A file is `{joint: {id, drive_mode, homing_offset, range_min, range_max}}` as JSON, as LeRobot's
`lerobot-calibrate` writes it.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from lerecord.errors import ConfigError
from lerecord.motors import Motor
from lerecord.refusals import remedy_of


@dataclass(frozen=True, slots=True)
class JointCalibration:
    """What a calibration says about one joint.

    Attributes:
        id: of its servo.
        drive_mode: 1 when the servo turns the other way, else 0; a Dynamixel applies it itself.
        homing_offset: counts that the servo adds to its encoder, or an STS subtracts.
        range_min: lowest position of the joint in counts, homing offset included.
        range_max: highest position of the joint.
    """

    id: int
    drive_mode: int
    homing_offset: int
    range_min: int
    range_max: int


_KEYS = tuple(field.name for field in fields(JointCalibration))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibration of one arm.

    Attributes:
        joints: by joint name, in the order of the arm.
        source: where it comes from, for messages.
    """

    joints: Mapping[str, JointCalibration]
    source: str

    def as_mapping(self) -> dict[str, dict[str, int]]:
        """The content of its file."""
        return {name: asdict(joint) for name, joint in self.joints.items()}

    def save(self, path: Path) -> None:
        """Write it as LeRobot does; folders are made as needed, and a file there is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        with beside.open("w", encoding="utf-8") as file:
            file.write(json.dumps(self.as_mapping(), indent=4) + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def load(path: Path, motors: Sequence[Motor]) -> Calibration:
    """Read a calibration file of an arm with these motors.

    Raises:
        ConfigError: it cannot be read, or does not fit the arm; the sentence names file and joint.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = remedy_of(error) or "check the file"
        raise ConfigError(
            f"The calibration {path} cannot be read ({error.strerror}); {remedy}."
        ) from error
    except ValueError as error:
        raise ConfigError(
            f"The calibration {path} is not valid JSON ({error}): calibrate the arm again."
        ) from error
    return parse(data, motors, str(path))


def parse(data: Any, motors: Sequence[Motor], source: str) -> Calibration:
    """Check the content of a calibration file against the arm's motors.

    Raises:
        ConfigError: as for load.
    """
    if not isinstance(data, Mapping):
        raise ConfigError(f"The calibration {source} is not a table of joints: {_AGAIN}")
    names = [motor.name for motor in motors]
    for joint in data:
        if joint not in names:
            raise ConfigError(
                f"The calibration {source} has a joint {joint!r} that this arm does not "
                f"have (it has {', '.join(names)}): name the calibration of this arm instead."
            )
    return Calibration({motor.name: _joint(data, motor, source) for motor in motors}, source)


def require_same(
    held: Mapping[str, JointCalibration],
    fresh: Mapping[str, JointCalibration],
    calibration: Calibration,
    arm: str,
) -> None:
    """Make sure that an arm's servos hold its calibration, or none yet.

    Arms of a kind have the same models and ids: only what their servos hold tells one from another.
    By another arm's calibration its poses are read falsely.

    Args:
        held: what the servos hold, by joint.
        fresh: what they held when they were new; an arm that does in every joint is set up.
        calibration: what they should hold.
        arm: its name and port, for the message.

    Raises:
        ConfigError: it is another one; each joint is named.
    """
    if held == fresh:
        return
    differing = [
        _difference(name, held[name], joint)
        for name, joint in calibration.joints.items()
        if held[name] != joint
    ]
    if differing:
        raise ConfigError(
            f"The servos of the {arm} hold a different calibration than {calibration.source}: "
            f"{', '.join(differing)}. If another arm is on this port, correct the port or the "
            f"calibration in the hardware config; if the file is this arm's, write it into the "
            f"servos with --write-calibration."
        )


def _difference(name: str, held: JointCalibration, due: JointCalibration) -> str:
    key = next(key for key in _KEYS if getattr(held, key) != getattr(due, key))
    return f"{name} ({key} is {getattr(held, key)}, not {getattr(due, key)})"


def find(value: str, folder: Path, names: Sequence[str], environ: Mapping[str, str]) -> Path:
    """The file that `calibration` in a hardware config means.

    Args:
        value: a path that ends in .json, or the id under which LeRobot calibrated the arm.
        folder: what a relative path starts from.
        names: where LeRobot keeps the calibrations of this kind of arm, such as
            "robots/koch_follower"; looked at in order.
        environ: the environment.

    Raises:
        ConfigError: there is no such file; the sentence lists the places that were looked at.
    """
    places = _places(value, folder, names, environ)
    for each in places:
        if _is_there(each):
            return each
    raise ConfigError(
        f"There is no calibration {value!r} (looked at {', '.join(map(str, places))}): correct it "
        f"in the hardware config, or calibrate the arm (`lerecord calibrate --help`)."
    )


def place(value: str, folder: Path, names: Sequence[str], environ: Mapping[str, str]) -> Path:
    """The file that `find` finds, or, when there is none, the one that it looks for first."""
    places = _places(value, folder, names, environ)
    return next((each for each in places if _is_there(each)), places[0])


def _places(
    value: str, folder: Path, names: Sequence[str], environ: Mapping[str, str]
) -> list[Path]:
    if value.endswith(".json"):
        return [folder / value]
    root = lerobot_folder(environ)
    return [root / name / f"{value}.json" for name in names]


def lerobot_folder(environ: Mapping[str, str]) -> Path:
    """The folder in which LeRobot keeps calibrations, found as LeRobot and its Hub client do.

    A variable that is set to nothing counts as not set.

    Raises:
        ConfigError: it lies in a home folder, and there is none.
    """
    if folder := environ.get("HF_LEROBOT_CALIBRATION"):
        return _expanded(folder)
    if folder := environ.get("HF_LEROBOT_HOME"):
        return _expanded(folder) / "calibration"
    cache = environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = environ.get("HF_HOME") or f"{cache}/huggingface"
    return _expanded(home) / "lerobot" / "calibration"


def _expanded(folder: str) -> Path:
    try:
        return Path(folder).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"Calibrations are looked for below {folder}, but that user has no home folder; set "
            f"HF_LEROBOT_CALIBRATION to the folder that has them, or name a file in the hardware "
            f"config."
        ) from error


def _is_there(place: Path) -> bool:
    try:
        return place.is_file()
    except OSError as error:
        remedy = remedy_of(error) or "check the path"
        raise ConfigError(
            f"The calibration {place} cannot be read ({error.strerror}); {remedy}."
        ) from error


_AGAIN = "calibrate the arm again, or correct the file."


def _joint(data: Mapping[str, Any], motor: Motor, source: str) -> JointCalibration:
    if motor.name not in data:
        raise ConfigError(f"The calibration {source} lacks the joint {motor.name}: {_AGAIN}")
    where, entry = f"The calibration {source} of {motor.name}", data[motor.name]
    for key in _KEYS:
        value = entry.get(key) if isinstance(entry, Mapping) else None
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(f"{where} has no whole number {key}: {_AGAIN}")
    joint = JointCalibration(*(entry[key] for key in _KEYS))
    if joint.id != motor.id:
        raise ConfigError(
            f"{where} is for a servo with id {joint.id}, and this arm's has id {motor.id}: name "
            f"the calibration of this arm instead."
        )
    if joint.drive_mode not in (0, 1):
        raise ConfigError(f"{where} has the drive_mode {joint.drive_mode}, not 0 or 1: {_AGAIN}")
    if not joint.range_min < joint.range_max:
        raise ConfigError(
            f"{where} has a range_min of {joint.range_min}, which is not below its range_max of "
            f"{joint.range_max}: {_AGAIN}"
        )
    last = motor.model.counts_per_turn - 1
    if joint.range_min < 0 or joint.range_max > last:
        raise ConfigError(
            f"{where} ranges from {joint.range_min} to {joint.range_max}, and a servo's limits "
            f"are within 0 and {last}: {_AGAIN}"
        )
    most = motor.model.registers["Homing_Offset"].maximum
    if most is not None and abs(joint.homing_offset) > most:
        raise ConfigError(
            f"{where} has a homing_offset of {joint.homing_offset}, and the servo takes {most} at "
            f"most: {_AGAIN}"
        )
    return joint
