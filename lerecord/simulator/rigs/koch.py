"""A simulated Koch v1.1 pair: which servo sits in which joint, how it is mounted, calibrated.

A joint's coordinate is its angle in radians; the gripper's is its opening, 0 closed to 1 open.
Models and IDs are those of the real arms: follower 1-2 XL430-W250, 3-6 XL330-M288; leader all
XL330-M077. The servos leave the bench with ID and baud rate set and nothing else, so a driver has
to write operating modes, Drive_Mode and Homing_Offset itself. The leader's elbow servo is mounted
mirrored, as on the real arm: only with Drive_Mode 1 does it count like the follower's.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lerecord.motors import Model
from lerecord.motors.dynamixel import COUNTS_PER_TURN, XL330_M077, XL330_M288, XL430_W250
from lerecord.simulator.dynamixel import Servo

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
GRIPPER = JOINTS.index("gripper")
COUNTS_PER_RADIAN = COUNTS_PER_TURN / math.tau
_HALF_TURN = 2047  # where LeRobot's homing puts the pose that the arm was held in
_RELAXING = ("shoulder_lift", "elbow_flex", "wrist_flex")  # joints that carry weight

Pose = tuple[float, ...]
"""Coordinates of the joints, in the order of JOINTS."""


@dataclass(frozen=True, slots=True)
class JointCalibration:
    """One joint of a calibration file in LeRobot's form; counts as the wire shows them."""

    id: int
    drive_mode: int
    homing_offset: int
    range_min: int
    range_max: int


@dataclass(frozen=True, slots=True)
class Mount:
    """How a servo sits in a joint.

    Attributes:
        model: of the servo.
        zero: shaft counts at coordinate 0.
        scale: shaft counts a unit of the coordinate; negative when mounted mirrored.
        low, high: coordinates of the mechanical stops; None for a joint that turns freely.
        homed: coordinate at which the person held the joint when it was homed.
    """

    model: Model
    zero: int
    scale: float
    low: float | None
    high: float | None
    homed: float

    def shaft(self, coordinate: float) -> float:
        """Shaft counts at a coordinate."""
        return self.zero + self.scale * coordinate

    def coordinate(self, shaft: float) -> float:
        """Coordinate at shaft counts."""
        return (shaft - self.zero) / self.scale

    def calibration(self, servo_id: int) -> JointCalibration:
        """What calibrating this joint by LeRobot's procedure writes down."""
        drive_mode = 1 if self.scale < 0.0 else 0
        offset = _HALF_TURN - self._counts(self.homed)
        if self.low is None or self.high is None:
            return JointCalibration(servo_id, drive_mode, offset, 0, COUNTS_PER_TURN - 1)
        low, high = self._counts(self.low), self._counts(self.high)
        return JointCalibration(servo_id, drive_mode, offset, low + offset, high + offset)

    def _counts(self, coordinate: float) -> int:
        """What the wire shows with the drive mode set and no homing offset."""
        shaft = round(self.shaft(coordinate))
        return COUNTS_PER_TURN - shaft if self.scale < 0.0 else shaft


def _hinge(model: Model, zero: int, low: float, high: float, homed: float) -> Mount:
    return Mount(model, zero, COUNTS_PER_RADIAN, *map(math.radians, (low, high, homed)))


def _mirrored(model: Model, zero: int, low: float, high: float, homed: float) -> Mount:
    return Mount(model, zero, -COUNTS_PER_RADIAN, *map(math.radians, (low, high, homed)))


def _free(model: Model, zero: int) -> Mount:
    return Mount(model, zero, COUNTS_PER_RADIAN, None, None, 0.0)


def _gripper(model: Model, zero: int, opens_degrees: float) -> Mount:
    return Mount(model, zero, opens_degrees / 360.0 * COUNTS_PER_TURN, 0.0, 1.0, 0.5)


FOLLOWER: tuple[Mount, ...] = (
    _free(XL430_W250, 2010),
    _hinge(XL430_W250, 1790, -70.0, 100.0, 15.0),
    _hinge(XL330_M288, 900, -10.0, 150.0, 70.0),
    _hinge(XL330_M288, 1210, -95.0, 95.0, 0.0),
    _free(XL330_M288, 2951),
    _gripper(XL330_M288, 180, 60.0),
)
LEADER: tuple[Mount, ...] = (
    _free(XL330_M077, 2093),
    _hinge(XL330_M077, 2610, -70.0, 100.0, 18.0),
    _mirrored(XL330_M077, 3100, -10.0, 150.0, 67.0),
    _hinge(XL330_M077, 2890, -95.0, 95.0, 2.0),
    _free(XL330_M077, 1522),
    _gripper(XL330_M077, 3300, 45.0),
)
REST: Pose = (*map(math.radians, (0.0, -52.0, 143.0, 22.0, 0.0)), 0.0)
"""Folded on its stops, where an arm lies when nothing holds it."""


class Arm:
    """The six servos of one arm, in joint coordinates."""

    def __init__(self, mounts: Sequence[Mount], rest: Pose = REST) -> None:
        self.mounts = tuple(mounts)
        self.servos = tuple(
            Servo(mount.model, servo_id, mount.shaft(coordinate))
            for servo_id, (mount, coordinate) in enumerate(zip(mounts, rest, strict=True), 1)
        )
        for servo, mount in zip(self.servos, self.mounts, strict=True):
            if mount.low is not None and mount.high is not None:
                stops = sorted((mount.shaft(mount.low), mount.shaft(mount.high)))
                servo.world.low, servo.world.high = stops

    def pose(self) -> Pose:
        """Where the joints are."""
        return tuple(
            mount.coordinate(servo.shaft)
            for mount, servo in zip(self.mounts, self.servos, strict=True)
        )

    def calibrate(self) -> None:
        """Leave in its servos what a calibration by LeRobot leaves there."""
        for servo, joint in zip(self.servos, self.calibration().values(), strict=True):
            for name, value in (
                ("Drive_Mode", joint.drive_mode),
                ("Homing_Offset", joint.homing_offset),
                ("Min_Position_Limit", joint.range_min),
                ("Max_Position_Limit", joint.range_max),
            ):
                register = servo.model.registers[name]
                data = value.to_bytes(register.size, "little", signed=register.signed)
                servo.write(register.address, data)

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
            name: mount.calibration(servo_id)
            for servo_id, (name, mount) in enumerate(zip(JOINTS, self.mounts, strict=True), 1)
        }


def leader() -> Arm:
    """A leader, folded, just powered."""
    return Arm(LEADER)


def follower() -> Arm:
    """A follower, folded, just powered; it sinks back to that pose whenever torque is off."""
    arm = Arm(FOLLOWER)
    arm.let_sink_to(REST)
    return arm


def leader_servos() -> tuple[Servo, ...]:
    """Servos of a fresh leader, IDs 1 to 6."""
    return leader().servos


def follower_servos() -> tuple[Servo, ...]:
    """Servos of a fresh follower, IDs 1 to 6."""
    return follower().servos


def calibration_json(arm: Arm) -> str:
    """The arm's calibration file in LeRobot's form."""
    joints = {name: asdict(joint) for name, joint in arm.calibration().items()}
    return json.dumps(joints, indent=4) + "\n"
