"""Letting an arm go in the moment of need."""

from collections.abc import Mapping

from lerecord.arms import servo_registers
from lerecord.motors import BusError, MotorBus


def torque_off(name: str, bus: MotorBus) -> Mapping[str, str]:
    """Let an arm go, servo by servo, whatever else is wrong with it: it sinks.

    Args:
        name: of the arm, for messages.
        bus: with its motors, not yet open.

    Returns:
        What went wrong, by joint; nothing when every servo is limp.

    Raises:
        DeviceError: the port cannot be opened.
    """
    bus.open()
    failed: dict[str, str] = {}
    try:
        for motor in bus.motors:
            try:
                bus.write("Torque_Enable", motor.name, 0, servo_registers.SET_UP)
            except BusError as error:
                failed[motor.name] = f"{motor.name} of the {name}: {error}"
    finally:
        bus.close()
    return failed
