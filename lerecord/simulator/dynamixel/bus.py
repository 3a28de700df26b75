"""A bus of simulated Dynamixel servos: instructions in, status packets out; no I/O.

Source: ROBOTIS e-manual, DYNAMIXEL Protocol 2.0. Every instruction of the X series is here but the
backup of the control table (0x20).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lerecord.simulator.dynamixel.control_table import ErrorNumber, RefusedError
from lerecord.simulator.dynamixel.instructions import (
    BULK_READ,
    BULK_WRITE,
    FACTORY_RESET,
    FAST_BULK_READ,
    FAST_SYNC_READ,
    ON_ONE_SERVO,
    PING,
    READ,
    RESET_ALL,
    SYNC_READ,
    SYNC_WRITE,
    address_and_size,
    undefined,
)
from lerecord.simulator.dynamixel.packets import BROADCAST, STATUS, Packet, Parser, crc16, status
from lerecord.simulator.dynamixel.servo import Servo
from lerecord.simulator.servos import Answer, Hears, Reply, everybody_hears, together

_ALERT = 0x80
_ANSWERS_PING, _ANSWERS_READS = 0, 1  # Status_Return_Level; 2 answers everything


@dataclass(frozen=True, slots=True)
class _Area:
    """What a group read asks of one servo."""

    id: int
    address: int
    size: int


class Bus:
    """Servos that share a wire.

    Args:
        servos: with different IDs.
        hears: False, given its ID and the instruction, for a servo that is silent this time.
    """

    def __init__(self, servos: Sequence[Servo], hears: Hears = everybody_hears) -> None:
        self.servos = tuple(servos)
        self._hears = hears
        self._parser = Parser()
        self._baud: int | None = None
        self._group: dict[int, Callable[[Packet], list[Reply]]] = {
            SYNC_READ: lambda p: self._read_group(p.instruction, _sync_areas(p.parameters)),
            BULK_READ: lambda p: self._read_group(p.instruction, _bulk_areas(p.parameters)),
            FAST_SYNC_READ: lambda p: self._read_fast(p.instruction, _sync_areas(p.parameters)),
            FAST_BULK_READ: lambda p: self._read_fast(p.instruction, _bulk_areas(p.parameters)),
            SYNC_WRITE: self._sync_write,
            BULK_WRITE: self._bulk_write,
        }

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Take bytes off the wire at `now`; the replies to them in one piece, in wire order.

        Servos that listen at another rate than `baud` hear nothing of them, and so are mute; None
        stands for a wire without a rate. Return delays are not waited: `answers` tells them.
        """
        answers = self.answers(data, now, baud)
        return b"".join([reply.data for answer in answers for reply in answer.replies])

    def answers(self, data: bytes, now: float, baud: int | None = None) -> Iterator[Answer]:
        """As `feed`, each instruction with its replies apart."""
        if baud != self._baud:
            self._baud, self._parser = baud, Parser()  # the rest of a packet comes garbled
        for packet in self._parser.feed(data):
            for servo in self.servos:
                servo.advance(now)
                if self._in_tune(servo):
                    servo.hear(now)
            yield Answer(packet.instruction, self._answer(packet), packet.raw)

    def advance(self, now: float) -> None:
        """Let time pass for every servo."""
        for servo in self.servos:
            servo.advance(now)

    def _servo(self, servo_id: int, instruction: int) -> Servo | None:
        tuned = (servo for servo in self.servos if servo.id == servo_id and self._in_tune(servo))
        servo = next(tuned, None)
        return servo if servo is not None and self._hears(servo_id, instruction) else None

    def _in_tune(self, servo: Servo) -> bool:
        return self._baud is None or servo.baud == self._baud

    def _answer(self, packet: Packet) -> list[Reply]:
        if packet.instruction == STATUS:
            return []
        if packet.intact and packet.instruction in self._group:
            return self._group[packet.instruction](packet)
        if packet.id == BROADCAST:
            return self._broadcast(packet) if packet.intact else []
        replies = [
            self._reply(servo, packet)
            for servo in self.servos
            if servo.id == packet.id
            and self._in_tune(servo)
            and self._hears(servo.id, packet.instruction)
        ]
        if len(replies) < 2:
            return replies
        delay_s = max(reply.delay_s for reply in replies)
        return [Reply(packet.id, together([reply.data for reply in replies]), delay_s)]

    def _broadcast(self, packet: Packet) -> list[Reply]:
        """Every servo obeys; only a ping is answered. Nobody loses its ID by broadcast."""
        resets_all = packet.instruction == FACTORY_RESET and packet.parameters == RESET_ALL
        if resets_all or packet.instruction == READ:
            return []
        hearing = [
            servo
            for servo in self.servos
            if self._in_tune(servo) and self._hears(servo.id, packet.instruction)
        ]
        in_order = sorted(hearing, key=lambda servo: servo.id)
        replies = [self._reply(servo, packet) for servo in in_order]
        return replies if packet.instruction == PING else []

    def _reply(self, servo: Servo, packet: Packet) -> Reply:
        """Do an instruction on one servo, which answers as the servo that it was before."""
        servo_id, delay_s = servo.id, servo.return_delay_s
        return Reply(servo_id, self._one(servo, packet), delay_s)

    def _one(self, servo: Servo, packet: Packet) -> bytes:
        """Do an instruction on one servo; its reply, or nothing when it keeps silent."""
        servo_id, silent = servo.id, not _speaks(servo, packet.instruction)
        try:
            if not packet.intact:
                raise RefusedError(ErrorNumber.CRC)
            perform = ON_ONE_SERVO.get(packet.instruction, undefined)
            data = perform(servo, packet.parameters)
        except RefusedError as refusal:
            return b"" if silent else status(servo_id, _error(servo, refusal.number))
        return b"" if silent else status(servo_id, _error(servo), data)

    def _read_group(self, instruction: int, areas: Iterator[_Area]) -> list[Reply]:
        replies = []
        for area in areas:
            servo = self._servo(area.id, instruction)
            if servo is None or not _speaks(servo, READ):
                break  # each servo answers after the one before it: a silent one ends the row
            try:
                reply = status(area.id, _error(servo), servo.read(area.address, area.size))
            except RefusedError as refusal:
                reply = status(area.id, _error(servo, refusal.number))
            replies.append(Reply(area.id, reply, servo.return_delay_s))
        return replies

    def _read_fast(self, instruction: int, areas: Iterator[_Area]) -> list[Reply]:
        """One status packet that all servos write together, each with the CRC up to its part.

        The length in the header announces every part; a servo that is missing leaves the rest
        unsent. This packet carries no byte stuffing.
        """
        asked, delay_s = list(areas), 0.0
        length = 1 + sum(area.size + 4 for area in asked)
        reply = b"\xff\xff\xfd\x00" + bytes([BROADCAST]) + length.to_bytes(2, "little")
        reply += bytes([STATUS])
        for position, area in enumerate(asked):
            servo = self._servo(area.id, instruction)
            if servo is None or not _speaks(servo, READ):
                return [Reply(BROADCAST, reply, delay_s)] if position else []
            delay_s = delay_s if position else servo.return_delay_s  # the others join in at once
            try:
                reply += bytes([_error(servo), area.id]) + servo.read(area.address, area.size)
            except RefusedError as refusal:
                reply += bytes([_error(servo, refusal.number), area.id]) + bytes(area.size)
            reply += crc16(reply).to_bytes(2, "little")
        return [Reply(BROADCAST, reply, delay_s)]

    def _sync_write(self, packet: Packet) -> list[Reply]:
        parameters = packet.parameters
        address, size = address_and_size(parameters)
        step = size + 1
        for at in range(4, len(parameters) - size, step):
            servo = self._servo(parameters[at], packet.instruction)
            _write_quietly(servo, address, parameters[at + 1 : at + step])
        return []

    def _bulk_write(self, packet: Packet) -> list[Reply]:
        parameters, at = packet.parameters, 0
        while at + 5 <= len(parameters):
            address, size = address_and_size(parameters[at + 1 : at + 5])
            servo = self._servo(parameters[at], packet.instruction)
            _write_quietly(servo, address, parameters[at + 5 : at + 5 + size])
            at += 5 + size
        return []


def _write_quietly(servo: Servo | None, address: int, data: bytes) -> None:
    """Group writes are never answered: what a servo refuses, nobody hears."""
    if servo is None:
        return
    try:
        servo.write(address, data)
    except RefusedError:
        return


def _error(servo: Servo, number: int = 0) -> int:
    return number | (_ALERT if servo.alert else 0)


def _speaks(servo: Servo, instruction: int) -> bool:
    level = servo.value("Status_Return_Level")
    if instruction == PING:
        return True
    return level > _ANSWERS_READS or (level == _ANSWERS_READS and instruction == READ)


def _sync_areas(parameters: bytes) -> Iterator[_Area]:
    address, size = address_and_size(parameters)
    return (_Area(servo_id, address, size) for servo_id in parameters[4:])


def _bulk_areas(parameters: bytes) -> Iterator[_Area]:
    for at in range(0, len(parameters) - 4, 5):
        yield _Area(parameters[at], *address_and_size(parameters[at + 1 : at + 5]))
