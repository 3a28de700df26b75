"""The rules by which the simulated rig fails: on the wire, in a servo, at a port, in a camera.

They are the tables of a TOML file, or the same tables in a JSON line. Times of a file count from
the first request on any servo port, times of a line from its arrival.
"""

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from lerecord.config import Table, read_toml, validated
from lerecord.errors import ConfigError


class CameraFault(enum.IntEnum):
    """What is wrong with a camera."""

    NONE = 0
    STALL = 1
    LOSS = 2
    SIZE = 3
    CORRUPT = 4


INSTRUCTIONS = {"ping": 0x01, "read": 0x02, "write": 0x03, "sync_read": 0x82, "sync_write": 0x83}
"""Numbers by name; both makes have the same."""
CAMERA_FAULTS = {
    "stall": CameraFault.STALL,
    "loss": CameraFault.LOSS,
    "size": CameraFault.SIZE,
    "corrupt": CameraFault.CORRUPT,
}
RESTART_S = 0.3

Arm = Literal[
    "leader", "follower", "left_leader", "left_follower", "right_leader", "right_follower"
]
Camera = Literal["front", "wrist", "left_front", "left_wrist", "right_front", "right_wrist"]
ServoId = Literal[1, 2, 3, 4, 5, 6]


class WireRule(Table):
    """`[[wire]]`: what befalls replies of servos.

    Every reply that the rule is about, or one in `every`, or each with a `probability`. A servo
    that is `silent` neither hears nor answers; everything else befalls the reply on its way. An
    `echo` is the request, which the adapter hears before the reply.
    """

    arm: Arm
    fault: Literal["drop", "corrupt", "truncate", "late", "double", "noise", "echo", "silent"]
    id: ServoId | None = None
    instruction: Literal["ping", "read", "write", "sync_read", "sync_write"] | None = None
    probability: float | None = Field(default=None, gt=0.0, le=1.0)
    every: int | None = Field(default=None, ge=1)
    from_s: float = Field(default=0.0, ge=0.0)
    for_s: float | None = Field(default=None, gt=0.0)
    delay_s: float | None = Field(default=None, gt=0.0)

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.probability is not None and self.every is not None:
            raise ValueError("a rule has `probability` or `every`, not both")
        if (self.delay_s is not None) != (self.fault == "late"):
            raise ValueError("`delay_s` belongs to a fault that is 'late', and only there")
        if self.instruction == "sync_write" and self.fault != "silent":
            raise ValueError("nobody answers a sync_write: only a 'silent' servo changes it")
        return self

    def is_about(self, servo_id: int, instruction: int) -> bool:
        """True for a servo and an instruction that the rule names or leaves open."""
        return self.id in (None, servo_id) and (
            self.instruction is None or INSTRUCTIONS[self.instruction] == instruction
        )


class ServoRule(Table):
    """`[[servo]]`: a servo reports a hardware error, or restarts, silent for `for_s` meanwhile."""

    arm: Arm
    id: ServoId
    fault: Literal["reboot", "overload", "overheat", "voltage"]
    at_s: float = Field(default=0.0, ge=0.0)
    for_s: float | None = Field(default=None, gt=0.0)

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.for_s is not None and self.fault != "reboot":
            raise ValueError("`for_s` belongs to a 'reboot': an error lasts until there is one")
        return self


class PortRule(Table):
    """`[[port]]`: an arm's adapter is unplugged; after `for_s` it is back under the same path."""

    arm: Arm
    fault: Literal["unplug"]
    at_s: float = Field(default=0.0, ge=0.0)
    for_s: float | None = Field(default=None, gt=0.0)


class CameraRule(Table):
    """`[[camera]]`: no new image, no connection, images of half the size, or torn ones."""

    name: Camera
    fault: Literal["stall", "loss", "size", "corrupt"]
    at_s: float = Field(default=0.0, ge=0.0)
    for_s: float | None = Field(default=None, gt=0.0)


class Rules(Table):
    """A file of faults. The seed is of everything in it that is random."""

    seed: int = 0
    wire: list[WireRule] = Field(default_factory=list)
    servo: list[ServoRule] = Field(default_factory=list)
    port: list[PortRule] = Field(default_factory=list)
    camera: list[CameraRule] = Field(default_factory=list)


def load(path: Path) -> Rules:
    """Rules of a file; raises ConfigError, in one sentence, when they are not usable."""
    return validated(Rules, read_toml(path), str(path))


def parse(data: Any) -> Rules:
    """Rules of a JSON line; raises ConfigError."""
    if not isinstance(data, Mapping):
        raise ConfigError("The faults of a line are an object with the tables of a file of faults.")
    return validated(Rules, data, "the faults of the line")
