"""The SO-100 and SO-101 arms: Feetech STS3215 servos, set up as LeRobot sets them up.

Six servos with the IDs 1 to 6, the same model in every joint of both arms. They run in position
mode within one turn, and apply the homing offset themselves; they cut goals off at the calibrated
range. A goal that is written switches torque on, so none is written before the pose is known.
Source: LeRobot's so_leader and so_follower.
"""

from collections.abc import Mapping
from typing import ClassVar

from lerecord.arms.calibration import Calibration
from lerecord.arms.driven_arm import DrivenArm
from lerecord.arms.led_arm import LedArm
from lerecord.arms.protocols import ArmSettings
from lerecord.arms.serial_arm import SET_UP, SerialArm
from lerecord.arms.six_joints import CALIBRATED, GRIPPER, JOINTS, motors_of, scale_of
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


MOTORS = motors_of([STS3215] * len(JOINTS))


class _SO101(SerialArm):
    """What a leader and a follower share."""

    calibrated: ClassVar[Mapping[str, str]] = CALIBRATED
    yields: ClassVar[tuple[str, ...]] = (GRIPPER,)
    motors: ClassVar[tuple[Motor, ...]] = MOTORS
    turning_joints: ClassVar[tuple[str, ...]] = (_WHOLE_TURN,)
    mirrored_joints: ClassVar[tuple[str, ...]] = ()

    def wake(self) -> None:
        """Let every servo acknowledge what it is told, also those that do not answer this yet."""
        level = "Response_Status_Level"
        told = self.bus.sync_read(level, JOINTS, SET_UP)
        silent = [name for name, is_ in zip(JOINTS, told, strict=True) if is_ != _ANSWER_EVERYTHING]
        if silent:
            self.bus.sync_write("Torque_Enable", dict.fromkeys(silent, 0))
            self.bus.sync_write("Lock", dict.fromkeys(silent, 0))
            self.bus.sync_write(level, dict.fromkeys(silent, _ANSWER_EVERYTHING))
            self.bus.sync_write("Lock", dict.fromkeys(silent, 1))

    def set_up(self) -> None:
        """Write the registers that leader and follower share."""
        phases = self.bus.sync_read("Phase", JOINTS, SET_UP)
        self.ensure("Return_Delay_Time", dict.fromkeys(JOINTS, 0))
        self.ensure("Operating_Mode", dict.fromkeys(JOINTS, _POSITION))
        self.ensure(
            "Phase", {j: int(is_) & ~_SEVERAL_TURNS for j, is_ in zip(JOINTS, phases, strict=True)}
        )
        self.write_calibration()
        self.ensure("Maximum_Acceleration", dict.fromkeys(JOINTS, _FASTEST))
        self.ensure("Acceleration", dict.fromkeys(JOINTS, _FASTEST))


class Leader(_SO101, LedArm):
    """An SO-100 or SO-101 leader: free to move by hand.

    Args:
        settings: of the arm.
        calibration: of the arm, checked against `motors`.
        units: of everything that is read.
        bus: in place of the one on the port of the settings.

    Raises:
        ConfigError: a joint was calibrated over the end of its servo's turn.
    """

    calibration_names: ClassVar[tuple[str, ...]] = (
        "teleoperators/so_leader",
        "teleoperators/so101_leader",
        "teleoperators/so100_leader",
    )

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

    def connect(self) -> None:
        """Open the port, check the servos, set them up."""
        with self.opened():
            self.check_calibration()
            self.wake()
            self.let_go()
            self.set_up()
            self.find_turns()


class Follower(_SO101, DrivenArm):
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

    calibration_names: ClassVar[tuple[str, ...]] = (
        "robots/so_follower",
        "robots/so101_follower",
        "robots/so100_follower",
    )

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

    def connect(self) -> None:
        """Open the port, check the servos, set them up, hold the present position.

        An arm that stands under torque, after a crash, is not let go, unless EEPROM must change.
        """
        with self.opened():
            self.check_calibration()
            self.wake()
            self.set_up()
            for register, gain in _GAINS.items():
                self.ensure(register, dict.fromkeys(JOINTS, gain))
            for register, value in _GENTLE_GRIP.items():
                self.ensure(register, {GRIPPER: value})
            self.ensure("Torque_Limit", {GRIPPER: _GENTLE_GRIP["Max_Torque_Limit"]})
            self.hold_here()
