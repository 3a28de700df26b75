"""What tells the servos of one maker from another's, as far as bringing them up goes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lerecord.motors import Model, Motor, MotorBus, dynamixel, feetech


@dataclass(frozen=True, slots=True)
class Make:
    """A maker's servos.

    Attributes:
        name: of the maker.
        bus: makes a bus of a port and its servos.
        models: by name.
        bauds: bits a second by the value of Baud_Rate.
        fresh_baud: bits a second of a servo out of the box.
        adds_offset: Homing_Offset is added to the encoder; else it is subtracted.
    """

    name: str
    bus: Callable[[Any, Sequence[Motor]], MotorBus]
    models: Mapping[str, Model]
    bauds: Mapping[int, int]
    fresh_baud: int
    adds_offset: bool

    def turned(self, middle: int, counts_per_turn: int) -> int:
        """The Homing_Offset by which an encoder that stands at `middle` shows half a turn.

        As near to half a turn as the register takes.
        """
        due = (counts_per_turn // 2 - 1) - middle % counts_per_turn
        if self.adds_offset:
            return due
        return min(-due, counts_per_turn // 2 - 1)  # sign and magnitude: it ends at half a turn


MAKES = (
    Make(
        "Dynamixel",
        dynamixel.DynamixelBus,
        dynamixel.MODELS,
        dynamixel.BAUD_RATES,
        fresh_baud=57_600,
        adds_offset=True,
    ),
    Make(
        "Feetech",
        feetech.FeetechBus,
        feetech.MODELS,
        feetech.BAUD_RATES,
        fresh_baud=1_000_000,
        adds_offset=False,
    ),
)
"""Every maker whose servos can be driven."""


def make_of(model: Model) -> Make:
    """Who makes servos of that model."""
    return next(make for make in MAKES if model in make.models.values())


def model_named(make: Make, number: int) -> Model | None:
    """The model that has this number; None when it is not known."""
    return next((each for each in make.models.values() if each.number == number), None)
