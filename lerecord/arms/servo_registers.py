"""Writing what an arm's servos keep, and only where it differs."""

from collections.abc import Mapping, Sequence

from lerecord.errors import DeviceError
from lerecord.motors import Model, MotorBus, Retry

SET_UP = Retry(attempts=5, budget_s=1.0)
"""Patience while an arm is set up or let go, when nothing else waits."""


def ensure(bus: MotorBus, arm: str, register: str, values: Mapping[str, int]) -> None:
    """Let a register have these values by joint; what has them already is not written.

    EEPROM wears out and is locked while torque is on: torque goes off where it is written.

    Args:
        bus: open, with the servos of the joints.
        arm: its name, for messages.
        register: the same one in all of them.
        values: by joint.

    Raises:
        DeviceError: a servo does not keep its value, or does not answer.
    """
    models = {motor.name: motor.model for motor in bus.motors}
    differing = _differing(bus, register, values)
    for joint in differing:
        _write(bus, models[joint], joint, (register, values[joint]))
    if differing and (kept := _differing(bus, register, values)):
        raise DeviceError(
            f"{kept[0]} of the {arm} does not keep {register} = {values[kept[0]]}: switch the "
            f"arm's power off and on, and replace the servo if this happens again."
        )


def _differing(bus: MotorBus, register: str, values: Mapping[str, int]) -> Sequence[str]:
    present = bus.sync_read(register, tuple(values), SET_UP)
    return [joint for joint, is_ in zip(values, present, strict=True) if is_ != values[joint]]


def _write(bus: MotorBus, model: Model, joint: str, entry: tuple[str, int]) -> None:
    register, value = entry
    lock = model.lock if model.is_eeprom(register) else None
    if model.is_eeprom(register):
        bus.write("Torque_Enable", joint, 0, SET_UP)
    if lock is not None:  # what is written into EEPROM lasts only while it is open
        bus.write(lock, joint, 0, SET_UP)
    bus.write(register, joint, value, SET_UP)
    if lock is not None:
        bus.write(lock, joint, 1, SET_UP)
