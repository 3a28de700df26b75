"""What the rest of the simulator asks of servos and of their wire, whatever their make."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from lerecord.motors import Model
from lerecord.simulator.servos.motion import Surroundings

Failure = Literal["overload", "overheat", "voltage"]
"""What a rule of faults lets a servo report."""

Hears = Callable[[int, int], bool]
"""Given its ID and the instruction: False for a servo that is silent this time."""


def everybody_hears(servo_id: int, instruction: int) -> bool:
    """True: no servo is silent."""
    return True


@dataclass(frozen=True, slots=True)
class Reply:
    """A status packet.

    Attributes:
        servo_id: of the servo that sends it; that of a broadcast when several write it together.
        data: its bytes.
        delay_s: how long after its turn has come.
    """

    servo_id: int
    data: bytes
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An instruction, and the replies to it in the order in which they go over the wire.

    Attributes:
        instruction: its number, which is the same for both makes.
        replies: to it.
        request: the packet as it was sent.
    """

    instruction: int
    replies: list[Reply]
    request: bytes = b""


class Servo(Protocol):
    """One servo; its shaft is a float in encoder counts that knows no turns.

    Attributes:
        shaft: where it is.
        world: what acts on it.
    """

    shaft: float
    world: Surroundings

    @property
    def id(self) -> int:
        """Its ID on the bus."""

    @property
    def model(self) -> Model:
        """Its model."""

    @property
    def torque(self) -> bool:
        """True while the motor drives the shaft."""

    @property
    def position(self) -> int:
        """Present_Position."""

    def value(self, name: str) -> int:
        """Value of a register by name."""

    def write(self, address: int, data: bytes) -> None:
        """Write bytes of the control table, as an instruction does."""

    def advance(self, now: float) -> None:
        """Let time pass until `now`."""

    def fail(self, failure: Failure) -> None:
        """Let that happen."""

    def reboot(self) -> None:
        """Restart."""


class ServoWire(Protocol):
    """Servos that share a wire."""

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Take bytes off the wire at `now`; the replies to them in one piece."""

    def answers(self, data: bytes, now: float, baud: int | None = None) -> Iterator[Answer]:
        """Take bytes off the wire at `now`; each instruction with the replies to it."""
