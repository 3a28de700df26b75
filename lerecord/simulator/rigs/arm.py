"""A simulated arm: servos in joints, how each is mounted, and what calibrating it writes down.

A joint's coordinate is its angle in radians; the gripper's is its opening, 0 closed to 1 open.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from lerecord.motors import Model
from lerecord.simulator.servos import Hears, Servo, ServoWire, everybody_hears

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
GRIPPER = JOINTS.index("gripper")
HALF_TURN = 2047  # where LeRobot's homing puts the pose that the arm was held in
_RELAXING = ("shoulder_lift", "elbow_flex", "wrist_flex")  # joints that carry weight

_S = TypeVar("_S", bound=Servo)

Pose = tuple[float, ...]
"""Coordinates of the joints, in the order of JOINTS."""
REST: Pose = (*map(math.radians, (0.0, -52.0, 143.0, 22.0, 0.0)), 0.0)
"""Folded on its stops, where an arm lies when nothing holds it."""


@dataclass(frozen=True, slots=True)
class JointCalibration:
    """One joint of a calibration file in LeRobot's form; counts as the wire shows them."""

    id: int
    drive_mode: int
    homing_offset: int
    range_min: int
    range_max: int


@dataclass(frozen=True, slots=True)
class Make(Generic[_S]):
    """What tells the servos of one make from another's in an arm.

    Attributes:
        servo: makes one of a model, with an ID, at shaft counts.
        wire: what servos answer through.
        registers: a calibration's keys to the registers that hold them.
        offset_sign: 1 when a servo adds its homing offset, -1 when it subtracts it.
        reverses: True when a servo counts the other way in drive mode 1.
    """

    servo: Callable[[Model, int, float], _S]
    wire: Callable[[Sequence[_S], Hears], ServoWire]
    registers: Mapping[str, str]
    offset_sign: int
    reverses: bool


@dataclass(frozen=True, slots=True)
class Mount:
    """How a servo sits in a joint.

    Attributes:
        model: of the servo.
        zero: shaft counts at coordinate 0.
        scale: shaft counts a unit of the coordinate; negative when mounted mirrored.
        low, high: coordinates of the mechanical stops; None for a joint that turns freely.
        homed: coordinate at which the person held the joint when it was homed.
        is_full_turn: True when calibrating gives it the whole turn, whatever its stops.
    """

    model: Model
    zero: int
    scale: float
    low: float | None
    high: float | None
    homed: float
    is_full_turn: bool = False

    def shaft(self, coordinate: float) -> float:
        """Shaft counts at a coordinate."""
        return self.zero + self.scale * coordinate

    def coordinate(self, shaft: float) -> float:
        """Coordinate at shaft counts."""
        return (shaft - self.zero) / self.scale

    def calibration(self, servo_id: int, make: Make[Any]) -> JointCalibration:
        """What calibrating this joint by LeRobot's procedure writes down."""
        drive_mode = 1 if make.reverses and self.scale < 0.0 else 0
        shift = HALF_TURN - self._counts(self.homed, drive_mode)
        offset = make.offset_sign * shift
        if self.is_full_turn or self.low is None or self.high is None:
            return JointCalibration(servo_id, drive_mode, offset, 0, self.model.counts_per_turn - 1)
        low, high = (self._counts(end, drive_mode) + shift for end in (self.low, self.high))
        return JointCalibration(servo_id, drive_mode, offset, low, high)

    def _counts(self, coordinate: float, drive_mode: int) -> int:
        """What the wire shows with the drive mode set and no homing offset."""
        shaft = round(self.shaft(coordinate))
        return self.model.counts_per_turn - shaft if drive_mode else shaft


class Arm(Generic[_S]):
    """The six servos of one arm, in joint coordinates."""

    def __init__(self, mounts: Sequence[Mount], make: Make[_S], rest: Pose = REST) -> None:
        self.mounts = tuple(mounts)
        self._make = make
        self.servos = tuple(
            make.servo(mount.model, servo_id, mount.shaft(coordinate))
            for servo_id, (mount, coordinate) in enumerate(zip(mounts, rest, strict=True), 1)
        )
        for servo, mount in zip(self.servos, self.mounts, strict=True):
            if mount.low is not None and mount.high is not None:
                stops = sorted((mount.shaft(mount.low), mount.shaft(mount.high)))
                servo.world.low, servo.world.high = stops

    def wire(self, hears: Hears = everybody_hears) -> ServoWire:
        """The servos on a wire of their own."""
        return self._make.wire(self.servos, hears)

    def pose(self) -> Pose:
        """Where the joints are."""
        return tuple(
            mount.coordinate(servo.shaft)
            for mount, servo in zip(self.mounts, self.servos, strict=True)
        )

    def calibrate(self) -> None:
        """Leave in its servos what a calibration by LeRobot leaves there."""
        for servo, joint in zip(self.servos, self.calibration().values(), strict=True):
            written = {name: getattr(joint, key) for key, name in self._make.registers.items()}
            values = [*written.items()]
            if (lock := servo.model.lock) is not None:
                values = [(lock, 0), *values, (lock, 1)]
            for name, value in values:
                register = servo.model.registers[name]
                servo.write(register.address, register.encode(value))

    def let_sink_to(self, rest: Pose) -> None:
        """Let gravity take the joints that carry weight to `rest` when nothing holds them."""
        for name in _RELAXING:
            joint = JOINTS.index(name)
            self.servos[joint].world.slump = self.mounts[joint].shaft(rest[joint])

    def hold(self, joint: int, coordinate: float | None) -> None:
        """A hand holds the joint there; None lets go."""
        self.servos[joint].world.hand = (
            None if coordinate is None else self.mounts[joint].shaft(coordinate)
        )

    def calibration(self) -> dict[str, JointCalibration]:
        """The arm's calibration by joint name."""
        return {
            name: mount.calibration(servo_id, self._make)
            for servo_id, (name, mount) in enumerate(zip(JOINTS, self.mounts, strict=True), 1)
        }


def calibration_json(arm: Arm[Any]) -> str:
    """The arm's calibration file in LeRobot's form."""
    joints = {name: asdict(joint) for name, joint in arm.calibration().items()}
    return json.dumps(joints, indent=4) + "\n"
