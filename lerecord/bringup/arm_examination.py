"""What the servos of an arm say of themselves; nothing is written to them, nothing moves."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import numpy as np

from lerecord.arms import ArmSettings, calibration, servo_registers
from lerecord.bringup.finding import Finding
from lerecord.bringup.makes import make_of
from lerecord.bringup.places import ArmPlace
from lerecord.errors import LerecordError
from lerecord.motors import ONCE, BusError, Motor, MotorBus, check_servos

_ROUNDS = 50
_SLOW_S = 0.010
_TOLERATED_SHARE = 0.1  # a busy computer is late for some, which are then asked again
_HOT_BELOW_LIMIT = 10  # degrees
_VOLTS, _TEMPERATURES = ("Present_Input_Voltage", "Present_Voltage"), ("Present_Temperature",)
_HOTTEST = ("Temperature_Limit", "Max_Temperature_Limit")
_FIRMWARE = ("Firmware_Version", "Firmware_Major_Version")
_ERRORS = ("Hardware_Error_Status", "Status")


def examined_arm(
    place: ArmPlace, bus: MotorBus, now: Callable[[], float] = time.monotonic
) -> Iterator[Finding]:
    """Everything that can be said of an arm before it is driven.

    Args:
        place: of the arm.
        bus: with its motors, not yet open.
        now: a clock, in seconds.
    """
    try:
        bus.open()
        with closing(bus):
            check_servos(bus, place.name, servo_registers.SET_UP)
            yield from _servos(place.name, bus)
            yield from _round_trips(place.name, bus, now)
    except LerecordError as error:
        yield Finding(place.name, str(error), "")
        return
    yield from _calibration(place, bus)


def _servos(name: str, bus: MotorBus) -> Iterator[Finding]:
    models = ", ".join(dict.fromkeys(motor.model.name for motor in bus.motors))
    make = make_of(bus.motors[0].model).name
    yield Finding(name, f"{len(bus.motors)} servos answer on {bus.port_name} ({make} {models})")
    for motor in bus.motors:
        yield from _servo(name, bus, motor)
    yield from _power(name, bus)


def _servo(name: str, bus: MotorBus, motor: Motor) -> Iterator[Finding]:
    """What one servo complains of, or is near to."""
    try:
        temperature = _value(bus, motor, _TEMPERATURES)
        hottest = _value(bus, motor, _HOTTEST)
        errors = _value(bus, motor, _ERRORS)
    except BusError as error:
        yield Finding(name, str(error), "")
        return
    if temperature > hottest - _HOT_BELOW_LIMIT:
        yield Finding(
            name,
            f"{motor.name} has {temperature} degrees, and switches off at {hottest}",
            "let it cool down, and look for what blocks the joint",
        )
    if errors:
        yield Finding(
            name,
            f"{motor.name} reports the error {errors:#04x}",
            "switch the arm's power off and on (hold the arm, it goes limp)",
        )


def _power(name: str, bus: MotorBus) -> Iterator[Finding]:
    volts = [_value(bus, motor, _VOLTS) / 10 for motor in bus.motors]
    lows, highs = (
        [_value(bus, motor, (register,)) / 10 for motor in bus.motors]
        for register in ("Min_Voltage_Limit", "Max_Voltage_Limit")
    )
    for motor, volt, low, high in zip(bus.motors, volts, lows, highs, strict=True):
        if not low <= volt <= high:
            yield Finding(
                name,
                f"{motor.name} gets {volt:.1f} V, and takes {low:.1f} to {high:.1f} V",
                "check which power supply belongs to this arm: too much of it burns servos",
            )
    firmware = {_value(bus, motor, _FIRMWARE) for motor in bus.motors}
    least, most = (f"{volt:.1f}" for volt in (min(volts), max(volts)))
    supply = least if least == most else f"{least} to {most}"
    yield Finding(name, f"{supply} V, firmware {', '.join(map(str, sorted(firmware)))}")


def _round_trips(name: str, bus: MotorBus, now: Callable[[], float]) -> Iterator[Finding]:
    joints = [motor.name for motor in bus.motors]
    took, failed = [], 0
    for _ in range(_ROUNDS):
        before = now()
        try:
            bus.sync_read("Present_Position", joints, ONCE)
        except BusError:
            failed += 1
        took.append(now() - before)
    median_ms, worst_ms = 1000 * float(np.median(took)), 1000 * max(took)
    fact = f"{len(joints)} positions are read in {median_ms:.1f} ms (at most {worst_ms:.1f} ms)"
    if failed > _ROUNDS * _TOLERATED_SHARE:
        yield Finding(
            name,
            f"{failed} of {_ROUNDS} readings failed",
            "check the cables between the servos, and the one to the computer",
        )
    slow = median_ms > 1000 * _SLOW_S
    remedy = "plug the adapter into a port of its own, without a hub" if slow else None
    yield Finding(name, fact, remedy)


def _calibration(place: ArmPlace, bus: MotorBus) -> Iterator[Finding]:
    if not place.calibration_file.exists():
        yield Finding(
            place.name,
            f"it is not calibrated: there is no {place.calibration_file}",
            f"`lerecord calibrate {place.pair}.{place.role}` with the same --hardware",
        )
        return
    try:
        held = calibration.load(place.calibration_file, place.driver.motors)
        settings = ArmSettings(place.name, place.config.port, place.config.baud)
        place.driver(settings, held, "normalized", bus).examine()
    except LerecordError as error:
        yield Finding(place.name, str(error), "")
        return
    yield Finding(place.name, f"its servos agree with {place.calibration_file}")


def _value(bus: MotorBus, motor: Motor, names: Sequence[str]) -> int:
    """The register that each make calls by another name."""
    register = next(name for name in names if name in motor.model.registers)
    return bus.read(register, motor.name, servo_registers.SET_UP)
