"""A simulated SO-101 pair: an STS3215 in every joint, how it is mounted, calibrated.

The geometry is that of the simulated Koch pair, whose links are nearly as long. The ends of the
wrist's roll are 160 degrees to either side, and LeRobot calibrates it as a whole turn.
"""

import math

from lerecord.motors.feetech import COUNTS_PER_TURN, STS3215
from lerecord.simulator.feetech import Bus, Servo
from lerecord.simulator.rigs.arm import REST, Arm, Make, Mount

_COUNTS_PER_RADIAN = COUNTS_PER_TURN / math.tau


MAKE = Make(
    servo=Servo,
    wire=Bus,
    registers={
        "homing_offset": "Homing_Offset",
        "range_min": "Min_Position_Limit",
        "range_max": "Max_Position_Limit",
    },
    offset_sign=-1,
    reverses=False,
)


def _hinge(zero: int, low: float, high: float, homed: float, is_full_turn: bool = False) -> Mount:
    low, high, homed = map(math.radians, (low, high, homed))
    return Mount(STS3215, zero, _COUNTS_PER_RADIAN, low, high, homed, is_full_turn)


def _gripper(zero: int, opens_degrees: float) -> Mount:
    return Mount(STS3215, zero, opens_degrees / 360.0 * COUNTS_PER_TURN, 0.0, 1.0, 0.5)


FOLLOWER: tuple[Mount, ...] = (
    _hinge(1990, -110.0, 110.0, 3.0),
    _hinge(1760, -70.0, 100.0, 14.0),
    _hinge(930, -10.0, 150.0, 71.0),
    _hinge(2230, -95.0, 95.0, 0.0),
    _hinge(2060, -160.0, 160.0, 0.0, is_full_turn=True),
    _gripper(1500, 100.0),
)
LEADER: tuple[Mount, ...] = (
    _hinge(2120, -110.0, 110.0, -2.0),
    _hinge(1810, -70.0, 100.0, 17.0),
    _hinge(1010, -10.0, 150.0, 68.0),
    _hinge(1870, -95.0, 95.0, 2.0),
    _hinge(2010, -160.0, 160.0, 0.0, is_full_turn=True),
    _gripper(1650, 60.0),
)


def leader() -> Arm[Servo]:
    """A leader, folded, just powered."""
    return Arm(LEADER, MAKE)


def follower() -> Arm[Servo]:
    """A follower, folded, just powered; it sinks back to that pose whenever torque is off."""
    arm = Arm(FOLLOWER, MAKE)
    arm.let_sink_to(REST)
    return arm
