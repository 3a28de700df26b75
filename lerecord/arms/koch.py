"""The Koch v1.1 arms: Dynamixel servos, set up as LeRobot sets them up.

Six servos with the IDs 1 to 6; the leader has XL330-M077, the follower XL430-W250 in shoulder and
XL330-M288 elsewhere. Joints run in extended position mode, since a homing offset may take them
over the end of a turn; grippers in current-based position mode, in which they yield to a hand or
an object. A servo applies Drive_Mode and Homing_Offset itself. Source: LeRobot's koch_leader and
koch_follower.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from lerecord.arms.calibration import Calibration
from lerecord.arms.driven_arm import DrivenArm
from lerecord.arms.led_arm import LedArm
from lerecord.arms.protocols import ArmSettings
from lerecord.arms.serial_arm import SET_UP, SerialArm
from lerecord.arms.six_joints import CALIBRATED, GRIPPER, JOINTS, motors_of, scale_of
from lerecord.arms.units import Scale, Units
from lerecord.motors import Motor, MotorBus, WaitingPort
from lerecord.motors.dynamixel import XL330_M077, XL330_M288, XL430_W250, DynamixelBus

TRIGGER_REST = 50.0  # where the leader's gripper springs back to, of 100

_EXTENDED_POSITION, _CURRENT_POSITION = 4, 5
_ELBOW_GAINS = {"Position_P_Gain": 1500, "Position_I_Gain": 0, "Position_D_Gain": 600}
_ANSWER_EVERYTHING = 2
_MODES = {j: _CURRENT_POSITION if j == GRIPPER else _EXTENDED_POSITION for j in JOINTS}


def _scale(calibration: Calibration, units: Units, motors: Sequence[Motor]) -> Scale:
    return scale_of(calibration, units, motors, reverses=False)


def _bus(settings: ArmSettings, motors: Sequence[Motor]) -> MotorBus:
    return DynamixelBus(WaitingPort(settings.port, settings.baud), motors)


class _Koch(SerialArm):
    """What a leader and a follower share."""

    calibrated: ClassVar[Mapping[str, str]] = {"Drive_Mode": "drive_mode", **CALIBRATED}
    yields: ClassVar[tuple[str, ...]] = (GRIPPER,)
    turning_joints: ClassVar[tuple[str, ...]] = ("shoulder_pan", "wrist_roll")

    def wake(self) -> None:
        """Let every servo acknowledge what it is told; this packet itself needs no reply."""
        self.bus.sync_write("Status_Return_Level", dict.fromkeys(JOINTS, _ANSWER_EVERYTHING))

    def check_calibration(self) -> None:
        """Refuse servos that hold another arm's; those that answer nothing but pings are woken."""
        self.wake()
        super().check_calibration()

    def set_up(self) -> None:
        """Write what leader and follower share; a new operating mode resets gains and goals."""
        self.ensure("Return_Delay_Time", dict.fromkeys(JOINTS, 0))
        self.ensure("Operating_Mode", _MODES)
        self.write_calibration()
        self.ensure("Bus_Watchdog", dict.fromkeys(JOINTS, 0))  # tripped, it makes goals read-only


class Leader(_Koch, LedArm):
    """A Koch leader: free to move by hand, with a gripper that springs back like a trigger.

    Args:
        settings: of the arm.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read.
        bus: in place of the one on the port of the settings.
    """

    motors: ClassVar[tuple[Motor, ...]] = motors_of([XL330_M077] * 6)
    calibration_names: ClassVar[tuple[str, ...]] = ("teleoperators/koch_leader",)
    mirrored_joints: ClassVar[tuple[str, ...]] = ("elbow_flex",)

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> None:
        bus = bus if bus is not None else _bus(settings, self.motors)
        super().__init__(settings, calibration, _scale(calibration, units, self.motors), bus)

    def connect(self) -> None:
        """Open the port, check the servos, set them up, arm the trigger."""
        with self.opened():
            self.check_calibration()
            self.let_go()
            self.set_up()
            self.find_turns()
            self.hold([GRIPPER])
            self._rest_trigger()

    def _rest_trigger(self) -> None:
        rest = self.goal_counts(np.where([j == GRIPPER for j in JOINTS], TRIGGER_REST, 0.0))
        self.bus.write("Goal_Position", GRIPPER, rest[GRIPPER], SET_UP)


class Follower(_Koch, DrivenArm):
    """A Koch follower: goes where it is told, in bounded steps.

    Args:
        settings: of the arm; its limits narrow the calibrated range.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read or told.
        bus: in place of the one on the port of the settings.

    Raises:
        ConfigError: the limits do not fit the arm.
    """

    motors: ClassVar[tuple[Motor, ...]] = motors_of([XL430_W250] * 2 + [XL330_M288] * 4)
    calibration_names: ClassVar[tuple[str, ...]] = ("robots/koch_follower",)
    mirrored_joints: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> None:
        bus = bus if bus is not None else _bus(settings, self.motors)
        super().__init__(settings, calibration, _scale(calibration, units, self.motors), bus)

    def connect(self) -> None:
        """Open the port, check the servos, set them up, hold the present position.

        An arm that stands under torque, after a crash, is not let go, unless EEPROM must change.
        """
        with self.opened():
            self.check_calibration()
            self.set_up()
            for register, gain in _ELBOW_GAINS.items():
                self.ensure(register, {"elbow_flex": gain})
            self.hold_here()
