"""Dynamixel servos of the X series: registers by name over Protocol 2.0."""

import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dynamixel_sdk import robotis_def
from numpy.typing import NDArray

from lerecord.motors.bus import BusCounters, Motor, Present
from lerecord.motors.dynamixel.wire import ALERT, MOST_EXTRA, Reply, Request, Sent, Wire
from lerecord.motors.errors import ServoAlertError, ServoRefusedError
from lerecord.motors.retry import NORMAL, ONCE, Retry
from lerecord.motors.tables import VELOCITY_UNIT_COUNTS_S, Model, Register

QUIET_S = 0.002

_ID, _LENGTH, _INSTRUCTION = 4, 5, 7  # where a packet's fields are
_PING_DATA = range(3, 4)  # model number and firmware version
_NO_DATA = range(1)

_POSITION = "Present_Position"
_PRESENT = struct.Struct("<hii")  # Present_Current or Present_Load, _Velocity, _Position
_PRESENT_PLACE = Register(126, _PRESENT.size, writable=False)

_REFUSALS = {
    1: "could not carry out the request",
    2: "does not know the instruction",
    4: "says that the value is out of range",
    5: "says that the data has the wrong length",
    6: "says that the value is beyond its limits",
    7: "does not give access to the register (EEPROM is locked while torque is on)",
}
_ALERTS = {
    0x01: ("a wrong input voltage", "check the power supply"),
    0x04: ("overheating", "let it cool down"),
    0x08: ("a failure of its encoder", "replace it if this happens again"),
    0x10: ("an electrical shock or too little power", "check the power supply and the wiring"),
    0x20: ("overload", "free the joint of what blocks it"),
}


@dataclass(frozen=True, slots=True)
class _Block:
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

    def encoded(self, value: int) -> list[int]:
        """Bytes of a value; raises ValueError for one that the register does not take."""
        place = self.place
        low = place.minimum if place.minimum is not None else value
        high = place.maximum if place.maximum is not None else value
        if not place.writable or not low <= value <= high:
            raise ValueError(f"{self.register} does not take {value}")
        return list(int(value).to_bytes(place.size, "little", signed=place.signed))

    def decoded(self, data: bytes) -> int:
        """Value of the register in a reply that may hold more than it."""
        return int.from_bytes(data[: self.place.size], "little", signed=self.place.signed)


class DynamixelBus:
    """A MotorBus of Dynamixel X servos.

    Args:
        port: a WaitingPort, or what acts like the SDK's PortHandler.
        motors: the servos on the wire.
        quiet_s: after a failure, how long no byte may come before the next request goes out.
        now: clock of the retry budgets, seconds.
    """

    def __init__(
        self,
        port: Any,  # the SDK has no types
        motors: Sequence[Motor],
        quiet_s: float = QUIET_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._port = port
        self._motors = {motor.name: motor for motor in motors}
        self._wire = Wire(port, quiet_s, now)
        self._blocks: dict[tuple[str, tuple[str, ...]], _Block] = {}
        self._present_blocks: dict[tuple[str, ...], _Block] = {}
        self._asked: tuple[_Block, Sent] | None = None

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
        asked = self._motors[motor]

        def send(_: int) -> int:
            packet = [0] * 10
            packet[_ID], packet[_LENGTH] = asked.id, 3
            packet[_INSTRUCTION] = robotis_def.INST_PING
            return int(self._wire.handler.txPacket(self._port, packet))

        replies = self._wire.exchange(Request((asked,), _PING_DATA, send), retry)
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
        read = [_PRESENT.unpack_from(replies[motor.name].data) for motor in block.motors]
        effort, velocity, position = np.array(read, dtype=np.int64).T
        return Present(position, velocity.astype(np.float64) * VELOCITY_UNIT_COUNTS_S, effort)

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
        (asked,), place, data = block.motors, block.place, block.encoded(value)

        def send(_: int) -> int:
            handler = self._wire.handler
            return int(handler.writeTxOnly(self._port, asked.id, place.address, place.size, data))

        replies = self._wire.exchange(Request(block.motors, _NO_DATA, send), retry)
        self._raise_errors(register, replies)

    def sync_write(self, register: str, values: Mapping[str, int]) -> None:
        """Write one register of several motors in one packet, which no servo acknowledges."""
        block = self._block(register, tuple(values))
        place, data = block.place, list[int]()
        for motor, value in zip(block.motors, values.values(), strict=True):
            data += [motor.id, *block.encoded(value)]

        def send(_: int) -> int:
            handler = self._wire.handler
            return int(
                handler.syncWriteTxOnly(self._port, place.address, place.size, data, len(data))
            )

        self._wire.exchange(Request((), _NO_DATA, send), ONCE)

    def _read(self, block: _Block, retry: Retry) -> list[int]:
        replies = self._replies(block, retry)
        self._raise_errors(block.register, replies)
        return [block.decoded(replies[motor.name].data) for motor in block.motors]

    def _replies(self, block: _Block, retry: Retry) -> dict[str, Reply]:
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] is block:
            return self._wire.receive(asked[1], retry)
        return self._wire.exchange(self._read_request(block), retry)

    def _read_request(self, block: _Block) -> Request:
        ids, address = [motor.id for motor in block.motors], block.place.address

        def send(size: int) -> int:
            handler = self._wire.handler
            if len(ids) == 1:
                return int(handler.readTx(self._port, ids[0], address, size))
            return int(handler.syncReadTx(self._port, address, size, ids, len(ids), False))

        sizes = range(block.place.size, block.place.size + block.room + 1)
        return Request(block.motors, sizes, send)

    def _raise_errors(self, register: str, replies: Mapping[str, Reply]) -> None:
        """Raise for what the servos say in the error field of their replies."""
        for name, reply in replies.items():
            if refusal := reply.error & ~ALERT:
                self.counters.refused += 1
                reason = _REFUSALS.get(refusal, f"answers with the unknown error {refusal}")
                place = self._wire.place(self._motors[name])
                raise ServoRefusedError(f"{place} {reason}; it was asked for {register}.", name)
        for name, reply in replies.items():
            if reply.error & ALERT:
                self._raise_alert(self._motors[name])

    def _raise_alert(self, motor: Motor) -> None:
        """Ask the servo what the alert bit in its reply is about; nothing when it has gone."""
        self.counters.alerts += 1
        block = self._block("Hardware_Error_Status", (motor.name,))
        status = block.decoded(self._replies(block, NORMAL)[motor.name].data)
        if status == 0:
            return
        known = [words for bit, words in _ALERTS.items() if status & bit]
        what = " and ".join(fault for fault, _ in known) or f"the hardware error {status:#04x}"
        remedies = "".join(f"{remedy}, " for _, remedy in known)
        raise ServoAlertError(
            f"{self._wire.place(motor)} reports {what}: {remedies}then switch the arm's power off "
            f"and on (hold the arm, it goes limp).",
            motor.name,
            status,
        )

    def _block(self, register: str, names: tuple[str, ...]) -> _Block:
        """Where the motors have the register; kept, as a loop asks for the same all the time."""
        key = (register, names)
        if key not in self._blocks:
            motors = tuple(self._motors[name] for name in names)
            place, *others = (motor.model.registers[register] for motor in motors)
            if any((each.address, each.size) != (place.address, place.size) for each in others):
                raise ValueError(f"{register} is not at the same place in all of {names}")
            self._blocks[key] = _block(register, motors, place)
        return self._blocks[key]

    def _present(self, names: tuple[str, ...]) -> _Block:
        """The registers of `_PRESENT` as one, which is at the same place in every X servo."""
        if names not in self._present_blocks:
            motors = tuple(self._motors[name] for name in names)
            self._present_blocks[names] = _block(_POSITION, motors, _PRESENT_PLACE)
        return self._present_blocks[names]


def _block(register: str, motors: tuple[Motor, ...], place: Register) -> _Block:
    room = min(_room_behind(motor.model, place) for motor in motors)
    return _Block(register, motors, place, room)


def _room_behind(model: Model, place: Register) -> int:
    """Mapped bytes that follow the register without a gap, MOST_EXTRA of them at most."""
    mapped = {
        address
        for other in model.registers.values()
        for address in range(other.address, other.address + other.size)
    }
    end = place.address + place.size
    behind = range(end, end + MOST_EXTRA)
    return next((at - end for at in behind if at not in mapped), MOST_EXTRA)
