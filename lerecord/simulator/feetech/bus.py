"""A bus of simulated STS servos: instructions in, status packets out; no I/O.

Source: the maker's protocol manual. A damaged or unknown instruction is not answered.
"""

from collections.abc import Callable, Iterator, Sequence

from lerecord.simulator.feetech.packets import BROADCAST, Packet, Parser, status
from lerecord.simulator.feetech.servo import Servo
from lerecord.simulator.servos import Answer, Hears, Reply, everybody_hears, together

PING, READ, WRITE, REG_WRITE, ACTION = 0x01, 0x02, 0x03, 0x04, 0x05
FACTORY_RESET, CLEAR_TURNS, SYNC_READ, SYNC_WRITE = 0x06, 0x0A, 0x82, 0x83

_ALWAYS_ANSWERED = frozenset({PING, READ, SYNC_READ})


class Bus:
    """Servos that share a wire.

    Servos with the same ID answer at the same time: a bit is 1 only if all of them send 1.

    Args:
        servos: on it.
        hears: False, given its ID and the instruction, for a servo that is silent this time.
        echoes: True when the adapter hears what the host sends, as some do.
    """

    def __init__(
        self, servos: Sequence[Servo], hears: Hears = everybody_hears, echoes: bool = False
    ) -> None:
        self.servos = tuple(servos)
        self._hears = hears
        self._echoes = echoes
        self._parser = Parser()
        self._baud: int | None = None
        self._single: dict[int, Callable[[Servo, bytes], bytes]] = {
            PING: lambda servo, _: b"",
            READ: _read,
            WRITE: _write,
            REG_WRITE: _reg_write,
            ACTION: _action,
            FACTORY_RESET: _factory_reset,
            CLEAR_TURNS: _clear_turns,
        }

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Take bytes off the wire at `now`; the replies to them in one piece, in wire order.

        Servos that listen at another rate than `baud` hear nothing of them; None stands for a wire
        without a rate. Return delays are not waited: `answers` tells them.
        """
        answers = self.answers(data, now, baud)
        return b"".join([reply.data for answer in answers for reply in answer.replies])

    def answers(self, data: bytes, now: float, baud: int | None = None) -> Iterator[Answer]:
        """As `feed`, each instruction with its replies apart."""
        if baud != self._baud:
            self._baud, self._parser = baud, Parser()  # the rest of a packet comes garbled
        for packet in self._parser.feed(data):
            self.advance(now)
            echo = [Reply(BROADCAST, packet.raw)] if self._echoes else []
            yield Answer(packet.instruction, [*echo, *self._answer(packet)], packet.raw)

    def advance(self, now: float) -> None:
        """Let time pass for every servo."""
        for servo in self.servos:
            servo.advance(now)

    def _called(self, servo_id: int, instruction: int) -> list[Servo]:
        """The servos that hear it."""
        called = [
            servo
            for servo in self.servos
            if servo.id == servo_id and (self._baud is None or servo.baud == self._baud)
        ]
        return called if called and self._hears(servo_id, instruction) else []

    def _answer(self, packet: Packet) -> list[Reply]:
        if packet.instruction == SYNC_READ:
            return self._sync_read(packet.parameters)
        if packet.instruction == SYNC_WRITE:
            self._sync_write(packet.parameters)
            return []
        if packet.instruction not in self._single:
            return []
        ids = [packet.id]
        if packet.id == BROADCAST:
            ids = sorted({servo.id for servo in self.servos})
        replies = [self._reply(servo_id, packet) for servo_id in ids]
        if packet.id == BROADCAST and packet.instruction != PING:
            return []  # everybody obeys, nobody answers
        return [reply for reply in replies if reply.data]

    def _reply(self, servo_id: int, packet: Packet) -> Reply:
        """Do an instruction on the servos of an ID, which answer as what they were before."""
        called = self._called(servo_id, packet.instruction)
        delay_s = max((servo.return_delay_s for servo in called), default=0.0)
        spoken = []
        for servo in called:
            speaks = packet.instruction in _ALWAYS_ANSWERED or servo.answers_everything
            data = self._single[packet.instruction](servo, packet.parameters)
            if speaks:
                spoken.append(status(servo_id, servo.status, data))
        return Reply(servo_id, together(spoken), delay_s)

    def _sync_read(self, parameters: bytes) -> list[Reply]:
        replies: list[Reply] = []
        for servo_id in parameters[2:]:
            called = self._called(servo_id, SYNC_READ)
            if not called:
                break  # each servo answers after the one before it: a silent one ends the row
            spoken = [
                status(servo_id, servo.status, _read(servo, parameters[:2])) for servo in called
            ]
            delay_s = max(servo.return_delay_s for servo in called)
            replies.append(Reply(servo_id, together(spoken), delay_s))
        return replies

    def _sync_write(self, parameters: bytes) -> None:
        if len(parameters) < 2:
            return
        address, size = parameters[:2]
        for at in range(2, len(parameters) - size, size + 1):
            for servo in self._called(parameters[at], SYNC_WRITE):
                servo.write(address, parameters[at + 1 : at + 1 + size])


def _read(servo: Servo, parameters: bytes) -> bytes:
    return servo.read(*parameters[:2]) if len(parameters) == 2 else b""


def _write(servo: Servo, parameters: bytes) -> bytes:
    servo.write(parameters[0], parameters[1:])
    return b""


def _reg_write(servo: Servo, parameters: bytes) -> bytes:
    servo.pending = (parameters[0], parameters[1:])
    return b""


def _action(servo: Servo, parameters: bytes) -> bytes:
    if servo.pending is not None:
        (address, data), servo.pending = servo.pending, None
        servo.write(address, data)
    return b""


def _factory_reset(servo: Servo, parameters: bytes) -> bytes:
    servo.factory_reset()
    return b""


def _clear_turns(servo: Servo, parameters: bytes) -> bytes:
    servo.clear_turns()
    return b""
