"""The Koch v1.1 arms: Dynamixel servos, set up as LeRobot sets them up.

Six servos with the IDs 1 to 6; the leader has XL330-M077, the follower XL430-W250 in shoulder and
XL330-M288 elsewhere. Joints run in extended position mode, since a homing offset may take them
over the end of a turn; grippers in current-based position mode, in which they yield to a hand or
an object. A servo applies Drive_Mode and Homing_Offset itself. Source: LeRobot's koch_leader and
koch_follower.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from lerecord.arms.calibration import Calibration, JointCalibration
from lerecord.arms.driven_arm import DrivenArm
from lerecord.arms.protocols import ArmSettings
from lerecord.arms.serial_arm import SET_UP, SerialArm
from lerecord.arms.six_joints import GRIPPER, JOINTS, motors_of, scale_of
from lerecord.arms.units import Scale, Units
from lerecord.motors import Motor, MotorBus, WaitingPort
from lerecord.motors.dynamixel import XL330_M077, XL330_M288, XL430_W250, DynamixelBus

TRIGGER_REST = 50.0  # where the leader's gripper springs back to, of 100

_EXTENDED_POSITION, _CURRENT_POSITION = 4, 5
_ELBOW_GAINS = {"Position_P_Gain": 1500, "Position_I_Gain": 0, "Position_D_Gain": 600}
_ANSWER_EVERYTHING = 2
_TURNING = ("shoulder_pan", "wrist_roll")
_REVERSE = 1  # the bit of Drive_Mode that turns a servo round
_MODES = {j: _CURRENT_POSITION if j == GRIPPER else _EXTENDED_POSITION for j in JOINTS}
_CALIBRATED = {
    "Drive_Mode": "drive_mode",
    "Homing_Offset": "homing_offset",
    "Min_Position_Limit": "range_min",
    "Max_Position_Limit": "range_max",
}


def _scale(calibration: Calibration, units: Units, motors: Sequence[Motor]) -> Scale:
    return scale_of(calibration, units, motors, reverses=False)


def _bus(settings: ArmSettings, motors: Sequence[Motor]) -> MotorBus:
    return DynamixelBus(WaitingPort(settings.port, settings.baud), motors)


def _wake(arm: SerialArm) -> None:
    """Let every servo acknowledge what it is told; this packet itself needs no reply."""
    arm.bus.sync_write("Status_Return_Level", dict.fromkeys(JOINTS, _ANSWER_EVERYTHING))


def _check_calibration(arm: SerialArm) -> None:
    """Refuse servos that hold the calibration of another arm."""
    held = {key: arm.bus.sync_read(name, JOINTS, SET_UP) for name, key in _CALIBRATED.items()}
    held["drive_mode"] &= _REVERSE  # its other bits are no calibration
    arm.require_calibration(
        {
            motor.name: JointCalibration(motor.id, *(int(held[key][at]) for key in held))
            for at, motor in enumerate(arm.bus.motors)
        },
        {
            motor.name: JointCalibration(
                motor.id, *(motor.model.registers[name].initial for name in _CALIBRATED)
            )
            for motor in arm.bus.motors
        },
    )


def _examine(arm: SerialArm) -> None:
    with arm.opened():
        _wake(arm)
        _check_calibration(arm)
    arm.bus.close()


def _write_set_up(arm: SerialArm) -> None:
    with arm.opened():
        _wake(arm)
        arm.let_go()
        _set_up(arm)
    arm.bus.close()


def _set_up(arm: SerialArm) -> None:
    """The registers that leader and follower share; a new operating mode resets gains and goals."""
    arm.ensure("Return_Delay_Time", dict.fromkeys(JOINTS, 0))
    arm.ensure("Operating_Mode", _MODES)
    for register, key in _CALIBRATED.items():
        arm.ensure(register, {joint: arm.calibration[joint][key] for joint in JOINTS})
    arm.ensure("Bus_Watchdog", dict.fromkeys(JOINTS, 0))  # tripped, it makes goals read-only


class Leader(SerialArm):
    """A Koch leader: free to move by hand, with a gripper that springs back like a trigger.

    Args:
        settings: of the arm.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read.
        bus: in place of the one on the port of the settings.
    """

    motors: ClassVar[tuple[Motor, ...]] = motors_of([XL330_M077] * 6)
    calibration_names: ClassVar[tuple[str, ...]] = ("teleoperators/koch_leader",)
    turning_joints: ClassVar[tuple[str, ...]] = _TURNING
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

    def examine(self) -> None:
        """Open the port, check the servos and the calibration that they hold, close it again."""
        _examine(self)

    def write_set_up(self) -> None:
        """Let every servo keep the calibration and the set-up; the arm is limp afterwards."""
        _write_set_up(self)

    def connect(self) -> None:
        """Open the port, check the servos, set them up, arm the trigger."""
        with self.opened():
            _wake(self)
            _check_calibration(self)
            self.let_go()
            _set_up(self)
            self.find_turns()
            self.hold([GRIPPER])
            self._rest_trigger()

    def disconnect(self) -> None:
        """Torque off, then close the port."""
        try:
            if self.bus.is_open:
                self.let_go()
        finally:
            self.bus.close()

    def _rest_trigger(self) -> None:
        rest = self.goal_counts(np.where([j == GRIPPER for j in JOINTS], TRIGGER_REST, 0.0))
        self.bus.write("Goal_Position", GRIPPER, rest[GRIPPER], SET_UP)


class Follower(DrivenArm):
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
    turning_joints: ClassVar[tuple[str, ...]] = _TURNING
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

    def examine(self) -> None:
        """Open the port, check the servos and the calibration that they hold, close it again."""
        _examine(self)

    def write_set_up(self) -> None:
        """Let every servo keep the calibration and the set-up; the arm is limp afterwards."""
        _write_set_up(self)

    def connect(self) -> None:
        """Open the port, check the servos, set them up, hold the present position.

        An arm that stands under torque, after a crash, is not let go, unless EEPROM must change.
        """
        with self.opened():
            _wake(self)
            _check_calibration(self)
            _set_up(self)
            for register, gain in _ELBOW_GAINS.items():
                self.ensure(register, {"elbow_flex": gain})
            self.hold_here()
