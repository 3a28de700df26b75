"""The SO-100 and SO-101 arms: Feetech STS3215 servos, set up as LeRobot sets them up.

Six servos with the IDs 1 to 6, the same model in every joint of both arms. They run in position
mode within one turn, and apply the homing offset themselves; they cut goals off at the calibrated
range. A goal that is written switches torque on, so none is written before the pose is known.
Source: LeRobot's so_leader and so_follower.
"""

from typing import ClassVar

from lerecord.arms.calibration import Calibration, JointCalibration
from lerecord.arms.driven_arm import DrivenArm
from lerecord.arms.protocols import ArmSettings
from lerecord.arms.serial_arm import SET_UP, SerialArm
from lerecord.arms.six_joints import GRIPPER, JOINTS, motors_of, scale_of
from lerecord.arms.units import Units
from lerecord.errors import ConfigError
from lerecord.motors import Motor, MotorBus, WaitingPort
from lerecord.motors.feetech import STS3215, FeetechBus

_POSITION = 0
_SEVERAL_TURNS = 0x10  # the bit of Phase with which positions do not stay within a turn
_ANSWER_EVERYTHING = 1
_FASTEST = 254
_FORGETS = "Acceleration"  # set up, and 0 after a restart; torque comes back with the next goal
_GAINS = {"P_Coefficient": 16, "I_Coefficient": 0, "D_Coefficient": 32}
_GENTLE_GRIP = {"Max_Torque_Limit": 500, "Protection_Current": 250, "Overload_Torque": 25}
_CALIBRATED = {
    "Homing_Offset": "homing_offset",
    "Min_Position_Limit": "range_min",
    "Max_Position_Limit": "range_max",
}
_WHOLE_TURN = "wrist_roll"  # calibrated as one
_WIDEST_TURNS = 0.9  # no other joint of these arms goes as far


def _bus(settings: ArmSettings) -> MotorBus:
    return FeetechBus(WaitingPort(settings.port, settings.baud), MOTORS)


def _require_no_wrap(calibration: Calibration) -> None:
    """Refuse a joint that ran over the end of the servo's turn while it was calibrated."""
    for name, joint in calibration.joints.items():
        turns = (joint.range_max - joint.range_min) / STS3215.counts_per_turn
        if name != _WHOLE_TURN and turns > _WIDEST_TURNS:
            raise ConfigError(
                f"The calibration {calibration.source} gives {name} nearly a whole turn "
                f"({joint.range_min} to {joint.range_max}): it ran over the end of its servo's "
                f"turn. Calibrate the arm again, and begin with every joint in its middle."
            )


def _check_calibration(arm: SerialArm) -> None:
    """Refuse servos that hold the calibration of another arm. They do not keep a drive_mode."""
    held = [arm.bus.sync_read(name, JOINTS, SET_UP) for name in _CALIBRATED]
    initial = [STS3215.registers[name].initial for name in _CALIBRATED]
    modes = {name: joint["drive_mode"] for name, joint in arm.calibration.items()}
    arm.require_calibration(
        {
            motor.name: JointCalibration(
                motor.id, modes[motor.name], *(int(values[at]) for values in held)
            )
            for at, motor in enumerate(MOTORS)
        },
        {motor.name: JointCalibration(motor.id, modes[motor.name], *initial) for motor in MOTORS},
    )


def _examine(arm: SerialArm) -> None:
    with arm.opened():
        _check_calibration(arm)
    arm.bus.close()


def _write_set_up(arm: SerialArm) -> None:
    with arm.opened():
        _wake(arm)
        arm.let_go()
        _set_up(arm)
    arm.bus.close()


def _wake(arm: SerialArm) -> None:
    """Let every servo acknowledge what it is told; those that do not answer this packet either."""
    level = "Response_Status_Level"
    told = arm.bus.sync_read(level, JOINTS, SET_UP)
    silent = [name for name, is_ in zip(JOINTS, told, strict=True) if is_ != _ANSWER_EVERYTHING]
    if silent:
        arm.bus.sync_write("Torque_Enable", dict.fromkeys(silent, 0))
        arm.bus.sync_write("Lock", dict.fromkeys(silent, 0))
        arm.bus.sync_write(level, dict.fromkeys(silent, _ANSWER_EVERYTHING))
        arm.bus.sync_write("Lock", dict.fromkeys(silent, 1))


def _set_up(arm: SerialArm) -> None:
    """The registers that leader and follower share."""
    phases = arm.bus.sync_read("Phase", JOINTS, SET_UP)
    arm.ensure("Return_Delay_Time", dict.fromkeys(JOINTS, 0))
    arm.ensure("Operating_Mode", dict.fromkeys(JOINTS, _POSITION))
    arm.ensure(
        "Phase", {j: int(is_) & ~_SEVERAL_TURNS for j, is_ in zip(JOINTS, phases, strict=True)}
    )
    for register, key in _CALIBRATED.items():
        arm.ensure(register, {joint: arm.calibration[joint][key] for joint in JOINTS})
    arm.ensure("Maximum_Acceleration", dict.fromkeys(JOINTS, _FASTEST))
    arm.ensure("Acceleration", dict.fromkeys(JOINTS, _FASTEST))


MOTORS = motors_of([STS3215] * len(JOINTS))


class Leader(SerialArm):
    """An SO-100 or SO-101 leader: free to move by hand.

    Args:
        settings: of the arm.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read.
        bus: in place of the one on the port of the settings.

    Raises:
        ConfigError: a joint was calibrated over the end of its servo's turn.
    """

    motors: ClassVar[tuple[Motor, ...]] = MOTORS
    calibration_names: ClassVar[tuple[str, ...]] = (
        "teleoperators/so_leader",
        "teleoperators/so101_leader",
        "teleoperators/so100_leader",
    )
    turning_joints: ClassVar[tuple[str, ...]] = (_WHOLE_TURN,)
    mirrored_joints: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> None:
        _require_no_wrap(calibration)
        bus = bus if bus is not None else _bus(settings)
        super().__init__(
            settings, calibration, scale_of(calibration, units, MOTORS, reverses=True), bus
        )

    def examine(self) -> None:
        """Open the port, check the servos and the calibration that they hold, close it again."""
        _examine(self)

    def write_set_up(self) -> None:
        """Let every servo keep the calibration and the set-up; the arm is limp afterwards."""
        _write_set_up(self)

    def connect(self) -> None:
        """Open the port, check the servos, set them up."""
        with self.opened():
            _check_calibration(self)
            _wake(self)
            self.let_go()
            _set_up(self)
            self.find_turns()

    def disconnect(self) -> None:
        """Torque off, then close the port."""
        try:
            if self.bus.is_open:
                self.let_go()
        finally:
            self.bus.close()


class Follower(DrivenArm):
    """An SO-100 or SO-101 follower: goes where it is told, in bounded steps.

    Args:
        settings: of the arm; its limits narrow the calibrated range.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read or told.
        bus: in place of the one on the port of the settings.

    Raises:
        ConfigError: the limits do not fit the arm, or a joint was calibrated over the end of its
            servo's turn.
    """

    motors: ClassVar[tuple[Motor, ...]] = MOTORS
    calibration_names: ClassVar[tuple[str, ...]] = (
        "robots/so_follower",
        "robots/so101_follower",
        "robots/so100_follower",
    )
    turning_joints: ClassVar[tuple[str, ...]] = (_WHOLE_TURN,)
    mirrored_joints: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> None:
        _require_no_wrap(calibration)
        bus = bus if bus is not None else _bus(settings)
        scale = scale_of(calibration, units, MOTORS, reverses=True)
        super().__init__(settings, calibration, scale, bus, _FORGETS)

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
            _check_calibration(self)
            _wake(self)
            _set_up(self)
            for register, gain in _GAINS.items():
                self.ensure(register, dict.fromkeys(JOINTS, gain))
            for register, value in _GENTLE_GRIP.items():
                self.ensure(register, {GRIPPER: value})
            self.ensure("Torque_Limit", {GRIPPER: _GENTLE_GRIP["Max_Torque_Limit"]})
            self.hold_here()
