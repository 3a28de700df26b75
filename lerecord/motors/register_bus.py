"""What buses of every make have in common: registers by name, over the packets of the make."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.motors.bus import BusCounters, Motor, Present
from lerecord.motors.errors import CorruptReplyError, NoReplyError
from lerecord.motors.model import Register
from lerecord.motors.retry import NORMAL, ONCE, Retry
from lerecord.motors.wire import MOST_EXTRA, Packets, Reply, Request, Sent, Wire

QUIET_S = 0.002
NO_DATA = range(1)


class Requests(Packets, Protocol):
    """The packets of a make, in both directions."""

    def read(self, port: Any, ids: Sequence[int], address: int, size: int) -> None:
        """Ask servos for bytes of their control tables."""

    def write(self, port: Any, servo_id: int, address: int, data: bytes) -> None:
        """Write bytes into the control table of a servo, which acknowledges it."""

    def sync_write(self, port: Any, address: int, size: int, data: Sequence[int]) -> None:
        """Write `size` bytes into each of several servos: ID and bytes, one after the other."""


@dataclass(frozen=True, slots=True)
class Block:
    """The same register of some motors, at the same place in each.

    Attributes:
        register: its name.
        motors: those that are asked, in order.
        place: address, size, sign and range.
        room: mapped bytes behind the register, which a read may take along.
    """

    register: str
    motors: tuple[Motor, ...]
    place: Register
    room: int

    def encoded(self, value: int) -> bytes:
        """Bytes of a value; raises ValueError for one that the register does not take."""
        if not self.place.takes(value):
            raise ValueError(f"{self.register} does not take {value}")
        return self.place.encode(value)


class RegisterBus:
    """A MotorBus but for its make's ping, what its servos measure, and what their errors mean.

    Args:
        port: a WaitingPort, or what acts like one.
        motors: the servos on the wire.
        packets: of their make.
        present: registers of `read_present`, as one.
        quiet_s: after a failure, how long no byte may come before the next request goes out.
        now: clock of the retry budgets, seconds.
    """

    def __init__(
        self,
        port: Any,
        motors: Sequence[Motor],
        packets: Requests,
        present: Register,
        quiet_s: float = QUIET_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._motors = {motor.name: motor for motor in motors}
        self._packets = packets
        self._present_place = present
        self._wire = Wire(port, packets, quiet_s, now)
        self._blocks: dict[tuple[str, tuple[str, ...]], Block] = {}
        self._present_blocks: dict[tuple[str, ...], Block] = {}
        self._asked: tuple[Block, Sent] | None = None

    @property
    def motors(self) -> tuple[Motor, ...]:
        """The servos that are expected on the wire."""
        return tuple(self._motors.values())

    @property
    def port_name(self) -> str:
        """The port, as messages name it."""
        return str(self._port.port_name)

    @property
    def counters(self) -> BusCounters:
        """What the bus has seen so far."""
        return self._wire.counters

    @property
    def is_open(self) -> bool:
        """True between open and close; False too once the port is lost."""
        return bool(self._port.is_open)

    def open(self) -> None:
        """Open the port; raises DeviceError or ConfigError with the remedy."""
        self._port.openPort()

    def close(self) -> None:
        """Close the port. Torque stays as it is. Closing twice is allowed."""
        if self._port.is_open:
            self._port.closePort()

    def ping(self, motor: str, retry: Retry = NORMAL) -> int:
        """Model number of the servo that answers under the motor's ID."""
        replies = self._wire.exchange(self._ping_request(self._motors[motor]), retry)
        self._raise_errors("Model_Number", replies)
        return int.from_bytes(replies[motor].data[:2], "little")

    def read(self, register: str, motor: str, retry: Retry = NORMAL) -> int:
        """Value of one register of one motor."""
        return self._read(self._block(register, (motor,)), retry)[0]

    def sync_read(
        self, register: str, motors: Sequence[str], retry: Retry = NORMAL
    ) -> NDArray[np.int64]:
        """One register of several motors in one transaction: (len(motors),), in their order."""
        return np.array(self._read(self._block(register, tuple(motors)), retry), dtype=np.int64)

    def read_present(self, motors: Sequence[str], retry: Retry = NORMAL) -> Present:
        """Position, velocity and effort of several motors in one transaction."""
        block = self._present(tuple(motors))
        replies = self._replies(block, retry)
        self._raise_errors(block.register, replies)
        return self._present_of([replies[motor.name].data for motor in block.motors])

    def ask_present(self, motors: Sequence[str]) -> None:
        """Send for what the next `read_present` of the same motors then takes; raises nothing."""
        block = self._present(tuple(motors))
        self._asked = block, self._wire.send(self._read_request(block))

    def write(self, register: str, motor: str, value: int, retry: Retry = NORMAL) -> None:
        """Write one register of one motor; returns when the servo has acknowledged it.

        Raises:
            ServoAlertError: the write was done, and the servo has a hardware error.
        """
        block = self._block(register, (motor,))
        (asked,), data = block.motors, block.encoded(value)

        def send(_: int) -> None:
            self._packets.write(self._port, asked.id, block.place.address, data)

        replies = self._wire.exchange(Request(block.motors, NO_DATA, send), retry)
        self._raise_errors(register, replies)

    def sync_write(self, register: str, values: Mapping[str, int]) -> None:
        """Write one register of several motors in one packet, which no servo acknowledges."""
        block = self._block(register, tuple(values))
        place, data = block.place, list[int]()
        for motor, value in zip(block.motors, values.values(), strict=True):
            data += [motor.id, *block.encoded(value)]

        def send(_: int) -> None:
            self._packets.sync_write(self._port, place.address, place.size, data)

        self._wire.exchange(Request((), NO_DATA, send), ONCE)

    def answering(self, ids: Iterable[int]) -> list[int]:
        """Those of the IDs under which something answers, also if that comes damaged."""
        found, stranger = [], next(iter(self._motors.values()))
        for servo_id in ids:
            try:
                self._wire.exchange(self._ping_request(replace(stranger, id=servo_id)), ONCE)
            except NoReplyError:
                continue
            except CorruptReplyError:
                pass
            found.append(servo_id)
        return found

    def _ping_request(self, asked: Motor) -> Request:
        """Asks a servo for its model number, with which the data of the reply begin."""
        raise NotImplementedError

    def _present_of(self, data: Sequence[bytes]) -> Present:
        """What the data of the replies to `read_present` say."""
        raise NotImplementedError

    def _raise_errors(self, register: str, replies: Mapping[str, Reply]) -> None:
        """Raise for what the servos say in the error field of their replies."""
        raise NotImplementedError

    def _read(self, block: Block, retry: Retry) -> list[int]:
        replies = self._replies(block, retry)
        self._raise_errors(block.register, replies)
        return [block.place.decode(replies[motor.name].data) for motor in block.motors]

    def _replies(self, block: Block, retry: Retry) -> dict[str, Reply]:
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] is block:
            return self._wire.receive(asked[1], retry)
        return self._wire.exchange(self._read_request(block), retry)

    def _read_request(self, block: Block) -> Request:
        ids, address = [motor.id for motor in block.motors], block.place.address

        def send(size: int) -> None:
            self._packets.read(self._port, ids, address, size)

        sizes = range(block.place.size, block.place.size + block.room + 1)
        return Request(block.motors, sizes, send)

    def _block(self, register: str, names: tuple[str, ...]) -> Block:
        """Where the motors have the register; kept, as a loop asks for the same all the time."""
        key = (register, names)
        if key not in self._blocks:
            motors = tuple(self._motors[name] for name in names)
            place, *others = (motor.model.registers[register] for motor in motors)
            if any((each.address, each.size) != (place.address, place.size) for each in others):
                raise ValueError(f"{register} is not at the same place in all of {names}")
            self._blocks[key] = _block(register, motors, place)
        return self._blocks[key]

    def _present(self, names: tuple[str, ...]) -> Block:
        """The registers of `read_present`, which are at the same place in every servo of a make."""
        if names not in self._present_blocks:
            motors = tuple(self._motors[name] for name in names)
            self._present_blocks[names] = _block("Present_Position", motors, self._present_place)
        return self._present_blocks[names]


def _block(register: str, motors: tuple[Motor, ...], place: Register) -> Block:
    room = min(motor.model.room_behind(place, MOST_EXTRA) for motor in motors)
    return Block(register, motors, place, room)
