"""What an arm may ask of a servo bus: registers by name, and what can go wrong in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.errors import DeviceError
from lerecord.motors.dynamixel import MODELS as DYNAMIXEL
from lerecord.motors.errors import CorruptReplyError, NoReplyError, SilentArmError
from lerecord.motors.feetech import MODELS as FEETECH
from lerecord.motors.model import Model
from lerecord.motors.retry import NORMAL, Retry

_HIGHEST_LIKELY_ID = 20


@dataclass(frozen=True, slots=True)
class Motor:
    """A servo on a bus: the name by which it is asked for, its ID on the wire, its model."""

    name: str
    id: int
    model: Model


@dataclass(slots=True)
class BusCounters:
    """What a bus has seen since it was made; only ever counted up.

    Attributes:
        transactions: requests of a caller, each counted once however often it was tried.
        retries: tries after the first.
        timeouts: tries that ended without every reply.
        corrupt: tries that ended with a damaged packet.
        refused: requests that a servo answered with an error.
        alerts: requests in which a servo reported a hardware error.
        strays: whole replies that belonged to no open request.
        drained_bytes: bytes thrown away because they belonged to no open request.
    """

    transactions: int = 0
    retries: int = 0
    timeouts: int = 0
    corrupt: int = 0
    refused: int = 0
    alerts: int = 0
    strays: int = 0
    drained_bytes: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """What servos measured at one time, (D,) each, one a motor.

    Attributes:
        position: int64, counts.
        velocity: float64, counts a second.
        effort: int64, as the servo has it: of a Dynamixel its current (about 1 mA) or, where it
            measures none, its load (0.1 %); of an STS its current (6.5 mA).
    """

    position: NDArray[np.int64]
    velocity: NDArray[np.float64]
    effort: NDArray[np.int64]


class MotorBus(Protocol):
    """Servos on one wire. Motors and registers go by name; values are signed where the table says.

    Every method but open and close raises a BusError when it does not succeed: never a made-up
    value. Replies that come after their request was given up are not taken for later answers.
    """

    @property
    def motors(self) -> tuple[Motor, ...]:
        """The servos that are expected on the wire."""

    @property
    def port_name(self) -> str:
        """The port, as messages name it."""

    @property
    def counters(self) -> BusCounters:
        """What the bus has seen so far."""

    @property
    def is_open(self) -> bool:
        """True between open and close; False too once the port is lost."""

    def open(self) -> None:
        """Open the port; raises DeviceError, with the remedy, when that is not possible."""

    def close(self) -> None:
        """Close the port. Torque stays as it is. Closing twice is allowed."""

    def ping(self, motor: str, retry: Retry = NORMAL) -> int:
        """Model number of the servo that answers under the motor's ID."""

    def read(self, register: str, motor: str, retry: Retry = NORMAL) -> int:
        """Value of one register of one motor."""

    def write(self, register: str, motor: str, value: int, retry: Retry = NORMAL) -> None:
        """Write one register of one motor; returns when the servo has acknowledged it."""

    def sync_read(
        self, register: str, motors: Sequence[str], retry: Retry = NORMAL
    ) -> NDArray[np.int64]:
        """One register of several motors in one transaction: (len(motors),), in their order."""

    def read_present(self, motors: Sequence[str], retry: Retry = NORMAL) -> Present:
        """Position, velocity and effort of several motors in one transaction."""

    def ask_present(self, motors: Sequence[str]) -> None:
        """Send for what the next `read_present` of the same motors then takes; raises nothing.

        So servos on several buses answer at the same time. Any other request in between costs only
        the time that was to be saved.
        """

    def sync_write(self, register: str, values: Mapping[str, int]) -> None:
        """Write one register of several motors in one packet, which no servo acknowledges."""

    def answering(self, ids: Iterable[int]) -> list[int]:
        """Those of the IDs under which something answers, also if that comes damaged."""


def check_servos(bus: MotorBus, arm: str, retry: Retry) -> None:
    """Make sure that every servo of an arm answers and is of the right model.

    Raises:
        DeviceError: names the first that is not, and what to do.
    """
    found = _models(bus, bus.motors, arm, retry)
    if found:  # on a busy machine, those that are silent now need not be the second time
        found |= _models(bus, [each for each in bus.motors if each.name not in found], arm, retry)
    if not found:
        raise SilentArmError(
            f"No servo of the {arm} answers on {bus.port_name}: switch the arm's power on, and "
            f"check its cable and the port and baud in the hardware config."
        )
    for motor in bus.motors:
        place = f"Servo {motor.id} ({motor.name}) of the {arm} on {bus.port_name}"
        if motor.name not in found:
            raise DeviceError(f"{place} does not answer{_unexpected(bus, motor)}")
        if found[motor.name] != motor.model.number:
            raise DeviceError(
                f"{place} is {_model_name(found[motor.name])} where {motor.model.name} belongs: "
                f"check that {bus.port_name} is the port of this arm and not of another one, and "
                f"that the driver in the hardware config is for this kind of arm."
            )


def _models(bus: MotorBus, motors: Sequence[Motor], arm: str, retry: Retry) -> dict[str, int]:
    """Model numbers of those that answer."""
    found = {}
    for motor in motors:
        try:
            found[motor.name] = bus.ping(motor.name, retry)
        except NoReplyError:
            continue
        except CorruptReplyError as error:
            raise DeviceError(
                f"What answers as servo {motor.id} ({motor.name}) of the {arm} on {bus.port_name} "
                f"cannot be read: when two servos have the id {motor.id}, give one of them the id "
                f"that its joint has; else check the cables."
            ) from error
    return found


def _unexpected(bus: MotorBus, missing: Motor) -> str:
    """The end of the sentence that a servo does not answer: what does instead, and the remedy."""
    known = {motor.id for motor in bus.motors}
    others = bus.answering([each for each in range(_HIGHEST_LIKELY_ID + 1) if each not in known])
    if not others:
        return f": check the cable to it, and that its id is {missing.id}."
    ids = " and ".join(map(str, others))
    return (
        f", and one with the id {ids} does, which no joint of this arm has: give that servo the "
        f"id {missing.id} if it is the one, else check the cable."
    )


def _model_name(number: int) -> str:
    models = (*DYNAMIXEL.values(), *FEETECH.values())
    names = [model.name for model in models if model.number == number]
    return names[0] if names else f"a servo with the model number {number}"
