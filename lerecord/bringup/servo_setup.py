"""Giving a servo from its box the id, the speed and the answer time that its joint has."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lerecord.arms import servo_registers
from lerecord.bringup.makes import Make, make_of, model_named
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import ONCE, BusError, Model, Motor, NoReplyError

BAUD = 1_000_000
"""Bits a second at which arms are driven."""

_LOOKS = 3
_SETTLING_S = 2.0
_ALL_IDS = range(253)
_LIKELY_IDS = range(21)

OpenPort = Callable[[int], Any]
"""A port, not yet open, at so many bits a second."""


@dataclass(frozen=True, slots=True)
class LoneServo:
    """The only servo on a wire.

    Attributes:
        id: under which it answers.
        baud: bits a second at which it does.
        model: what it is.
    """

    id: int
    baud: int
    model: Model


def lone_servo(port: OpenPort, motor: Motor) -> LoneServo:
    """Find the one servo that is plugged in, at whatever id and speed.

    Args:
        port: that it is on.
        motor: what it is to become.

    Raises:
        DeviceError: none answers, several do, or it is of another model.
    """
    make = make_of(motor.model)
    found = next(_answering(port, make, motor), None)
    if found is None:
        raise DeviceError(
            f"No {make.name} servo answers: plug in only the {motor.name} servo, switch the power "
            f"on, and try again."
        )
    baud, ids = found
    if len(ids) > 1:
        told = ", ".join(map(str, ids))
        raise DeviceError(
            f"Several servos answer, with the ids {told}: plug in only the {motor.name} servo."
        )
    return LoneServo(ids[0], baud, _model(port, make, (baud, ids[0]), motor))


def set_up(
    port: OpenPort, found: LoneServo, motor: Motor, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Let a servo keep the id of its joint, the usual speed, and answer at once.

    What is written into an STS is safe from a pulled plug only some time later; that is waited for.

    Returns:
        False when it had its id and the speed already.

    Raises:
        DeviceError: it does not answer under its new id.
    """
    changed = (found.id, found.baud) != (motor.id, BAUD)
    if changed:
        _write(port, found, motor)
    if _is_left_open(port, motor):
        sleep(_SETTLING_S)
        _lock(port, motor)
    return changed


def _answering(port: OpenPort, make: Make, motor: Motor) -> Iterator[tuple[int, Sequence[int]]]:
    """Speeds and the ids that answer there, the likeliest first."""
    bauds = list(dict.fromkeys((BAUD, make.fresh_baud, *make.bauds.values())))
    for ids in (_LIKELY_IDS, _ALL_IDS[len(_LIKELY_IDS) :], _LIKELY_IDS):  # a reply may be missed
        for baud in bauds:
            try:
                with _bus(port, (baud, motor.id), motor, motor.model) as bus:
                    found = bus.answering(ids)
            except ConfigError:
                continue  # the port cannot run at that speed
            if found:
                yield baud, found


def _model(port: OpenPort, make: Make, place: tuple[int, int], motor: Motor) -> Model:
    with _bus(port, place, motor, motor.model) as bus:
        try:
            number = bus.ping(motor.name, servo_registers.SET_UP)
            for _ in range(_LOOKS):  # two shafts do not stand alike: their answers clash
                with contextlib.suppress(NoReplyError):  # which a busy machine may have missed
                    bus.read("Present_Position", motor.name, ONCE)
        except BusError as error:
            raise DeviceError(
                f"The replies from id {place[1]} are garbled, as when two servos have the same id: "
                f"plug in only the {motor.name} servo."
            ) from error
    if number == motor.model.number:
        return motor.model
    other = model_named(make, number)
    name = f"a servo with the model number {number}" if other is None else f"an {other.name}"
    raise DeviceError(f"{motor.name} takes an {motor.model.name}, but this is {name}.")


def _write(port: OpenPort, found: LoneServo, motor: Motor) -> None:
    """The speed last: whatever is asked after that has to be asked at the new one."""
    make = make_of(found.model)
    baud_value = next(value for value, baud in make.bauds.items() if baud == BAUD)
    entries = (("Return_Delay_Time", 0), ("ID", motor.id), ("Baud_Rate", baud_value))
    place = (found.baud, found.id)
    for register, value in entries:
        with _bus(port, place, motor, found.model) as bus:
            bus.write("Torque_Enable", motor.name, 0, servo_registers.SET_UP)
            if found.model.lock is not None:
                bus.write(found.model.lock, motor.name, 0, servo_registers.SET_UP)
            with contextlib.suppress(BusError):  # its answer may come from the new id
                bus.write(register, motor.name, value, ONCE)
        place = (found.baud, motor.id if register == "ID" else place[1])


def _is_left_open(port: OpenPort, motor: Motor) -> bool:
    """Make sure that a servo answers as it is to; whether its EEPROM has yet to be locked."""
    with _bus(port, (BAUD, motor.id), motor, motor.model) as bus:
        try:
            bus.ping(motor.name, servo_registers.SET_UP)
            servo_registers.ensure(bus, "arm", "Return_Delay_Time", {motor.name: 0})
            lock = motor.model.lock
            return lock is not None and bus.read(lock, motor.name, servo_registers.SET_UP) == 0
        except BusError as error:
            raise DeviceError(
                f"The {motor.name} servo does not answer at its new id {motor.id}: switch its "
                f"power off and on, and set it up again."
            ) from error


def _lock(port: OpenPort, motor: Motor) -> None:
    with _bus(port, (BAUD, motor.id), motor, motor.model) as bus:
        bus.write(motor.model.lock, motor.name, 1, servo_registers.SET_UP)


@contextlib.contextmanager
def _bus(port: OpenPort, place: tuple[int, int], motor: Motor, model: Model) -> Iterator[Any]:
    """A bus at a speed with one servo, open for the block.

    Args:
        port: that it is on.
        place: its speed and id, which need not be those that it is to have.
        motor: what it is to become, after which it is called.
        model: what it is.
    """
    baud, servo_id = place
    bus = make_of(model).bus(port(baud), [replace(motor, id=servo_id, model=model)])
    bus.open()
    try:
        yield bus
    finally:
        bus.close()
