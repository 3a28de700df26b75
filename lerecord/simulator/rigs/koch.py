"""A simulated Koch v1.1 pair: which servo sits in which joint, how it is mounted, calibrated.

Models and IDs are those of the real arms: follower 1-2 XL430-W250, 3-6 XL330-M288; leader all
XL330-M077. The servos leave the bench with ID and baud rate set and nothing else, so a driver has
to write operating modes, Drive_Mode and Homing_Offset itself. The leader's elbow servo is mounted
mirrored, as on the real arm: only with Drive_Mode 1 does it count like the follower's.
"""

import math

from lerecord.motors import Model
from lerecord.motors.dynamixel import COUNTS_PER_TURN, XL330_M077, XL330_M288, XL430_W250
from lerecord.simulator.dynamixel import Bus, Servo
from lerecord.simulator.rigs.arm import REST, Arm, Make, Mount

COUNTS_PER_RADIAN = COUNTS_PER_TURN / math.tau
MAKE = Make(
    servo=Servo,
    wire=Bus,
    registers={
        "drive_mode": "Drive_Mode",
        "homing_offset": "Homing_Offset",
        "range_min": "Min_Position_Limit",
        "range_max": "Max_Position_Limit",
    },
    offset_sign=1,
    reverses=True,
)


def _hinge(model: Model, zero: int, low: float, high: float, homed: float) -> Mount:
    low, high, homed = map(math.radians, (low, high, homed))
    return Mount(model, zero, COUNTS_PER_RADIAN, low, high, homed)


def _mirrored(model: Model, zero: int, low: float, high: float, homed: float) -> Mount:
    low, high, homed = map(math.radians, (low, high, homed))
    return Mount(model, zero, -COUNTS_PER_RADIAN, low, high, homed)


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


def leader() -> Arm[Servo]:
    """A leader, folded, just powered."""
    return Arm(LEADER, MAKE)


def follower() -> Arm[Servo]:
    """A follower, folded, just powered; it sinks back to that pose whenever torque is off."""
    arm = Arm(FOLLOWER, MAKE)
    arm.let_sink_to(REST)
    return arm
