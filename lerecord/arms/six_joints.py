"""What Koch and SO arms have in common: the same six joints, on the IDs 1 to 6."""

from collections.abc import Sequence

from lerecord.arms.calibration import Calibration
from lerecord.arms.units import Mode, Scale, Units, joint_mode
from lerecord.motors import Model, Motor

GRIPPER = "gripper"
CALIBRATED = {
    "Homing_Offset": "homing_offset",
    "Min_Position_Limit": "range_min",
    "Max_Position_Limit": "range_max",
}
"""Registers that hold a calibration, and its keys."""
JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", GRIPPER)


def motors_of(models: Sequence[Model]) -> tuple[Motor, ...]:
    """The servos of an arm with these models, joint by joint."""
    return tuple(Motor(JOINTS[i], i + 1, model) for i, model in enumerate(models))


def scale_of(
    calibration: Calibration, units: Units, motors: Sequence[Motor], reverses: bool
) -> Scale:
    """Counts to units of such an arm.

    Args:
        calibration: of the arm.
        units: of the config.
        motors: of the arm, all with the same counts a turn.
        reverses: True when a servo does not apply drive_mode by itself.
    """
    joints = [calibration.joints[motor.name] for motor in motors]
    modes = [Mode.RANGE_0_100 if name == GRIPPER else joint_mode(units) for name in JOINTS]
    (counts_per_turn,) = {motor.model.counts_per_turn for motor in motors}
    return Scale(
        modes,
        [joint.range_min for joint in joints],
        [joint.range_max for joint in joints],
        counts_per_turn,
        [reverses and joint.drive_mode == 1 for joint in joints],
    )
