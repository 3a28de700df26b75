"""Requests of Dynamixel Protocol 2.0 and the replies that belong to them, on one port.

The vendor's SDK makes and checks the packets. Its group reads are not used: they drop the error
byte of each reply, do not say which servo was silent, and give zeros for what they did not get.
Here each reply is taken on its own. Facts: ROBOTIS e-manual, "DYNAMIXEL Protocol 2.0".
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dynamixel_sdk import Protocol2PacketHandler, robotis_def

from lerecord.motors.bus import BusCounters, Motor
from lerecord.motors.dynamixel.sdk_port import PORT_FAILURES
from lerecord.motors.errors import BusError, CorruptReplyError, NoReplyError, PortLostError
from lerecord.motors.retry import Retry

ALERT = 0x80  # bit of a reply's error field: Hardware_Error_Status is not zero
MOST_EXTRA = 12  # reads that may be unanswered at once and still be told apart

_ID, _LENGTH, _ERROR, _DATA = 4, 5, 8, 9  # where a packet's fields are
_PACKET_AROUND_DATA, _LENGTH_AROUND_DATA = 11, 4
_DAMAGED_REQUEST = 3  # error number: the servo found a wrong CRC
_BABBLE = 16_384  # bytes; 0.16 s of them at 1 Mbaud are no late reply


@dataclass(frozen=True, slots=True)
class Request:
    """One instruction and who has to answer it.

    Attributes:
        motors: those that have to answer; may be none.
        sizes: numbers of data bytes that a reply may have, the preferred one first.
        send: writes the packet that asks for so many data bytes; returns the SDK's result.
    """

    motors: tuple[Motor, ...]
    sizes: range
    send: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one servo answered: the error field and the data bytes (none when it refuses)."""

    error: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """A request whose replies are to be received.

    Attributes:
        request: what was sent.
        size: data bytes that each reply has.
        at: when the sending began, clock seconds.
        failure: why it could not be sent; None when it was.
    """

    request: Request
    size: int
    at: float
    failure: BusError | None = None


class Wire:
    """One request at a time, each with its own replies.

    A reply carries no number of its request. So after a try that failed, the wire is drained until
    it is quiet before the next request; and as an answer may come later still, a new read asks for
    another number of bytes than the reads that stayed unanswered, where the control table has
    bytes to spare: what has the wrong length is not its answer. Nor is what another packet follows.

    Args:
        port: a WaitingPort, or what acts like the SDK's PortHandler.
        quiet_s: the wire counts as quiet after so long without a byte.
        now: clock of the retry budgets, seconds.

    Attributes:
        port: as given.
        handler: the SDK's packet handler.
        counters: what was seen so far.
    """

    def __init__(self, port: Any, quiet_s: float, now: Callable[[], float]) -> None:
        self.port = port
        self.handler: Any = Protocol2PacketHandler()
        self.counters = BusCounters()
        self._quiet_s = quiet_s
        self._now = now
        self._unanswered: deque[int] = deque(maxlen=MOST_EXTRA)  # data bytes asked for
        self._suspect = True  # somebody else may have been talking a moment ago
        self._open: Sent | None = None

    def exchange(self, request: Request, retry: Retry) -> dict[str, Reply]:
        """Send a request until every motor has answered; see `receive`."""
        return self.receive(self.send(request), retry)

    def send(self, request: Request) -> Sent:
        """Send a request, whose replies `receive` takes; meanwhile other wires can be attended to.

        One that was sent before and not received is given up: `receive` sends it again.
        """
        self.counters.transactions += 1
        if self._open is not None and self._open.failure is None:
            self._unanswered.append(self._open.size)
        self._open = self._send(request)
        return self._open

    def receive(self, sent: Sent, retry: Retry) -> dict[str, Reply]:
        """The replies to a request, which is sent again until the retries are used up.

        Returns:
            The replies by motor name; a servo that refuses or has an alert has replied, too.

        Raises:
            NoReplyError, CorruptReplyError: of the last try.
            PortLostError: the port is gone or not open; it is closed then.
        """
        if sent is not self._open:
            sent = self._send(sent.request)
        self._open = None
        give_up_at = sent.at + retry.budget_s
        attempt = 1
        while True:
            try:
                return self._received(sent)
            except (NoReplyError, CorruptReplyError):
                if attempt >= retry.attempts or self._now() >= give_up_at:
                    raise
            attempt += 1
            self.counters.retries += 1
            sent = self._send(sent.request)

    def place(self, motor: Motor) -> str:
        """The motor as messages name it."""
        return f"Servo {motor.id} ({motor.name}) on {self.port.port_name}"

    def _send(self, request: Request) -> Sent:
        at, sizes = self._now(), request.sizes
        size = next((size for size in sizes if size not in self._unanswered), sizes[0])
        try:
            with self._watched():
                if self._suspect or self.port.getBytesAvailable():
                    self._drain()
                self._suspect = True  # until every reply is in, whatever comes between
                self._transmit(request, size)
        except BusError as failure:
            return Sent(request, size, at, failure)
        return Sent(request, size, at)

    def _received(self, sent: Sent) -> dict[str, Reply]:
        if sent.failure is not None:
            raise sent.failure
        with self._watched():
            try:
                replies = self._receive(sent.request.motors, sent.size)
            except BaseException:  # also a Ctrl-C: the replies are still to come
                self._unanswered.append(sent.size)
                raise
            self._suspect = False
            return replies

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Count what goes wrong, and close a port that was lost."""
        name = self.port.port_name
        if not self.port.is_open:
            raise PortLostError(f"The port {name} is not open: check the arm's USB cable.")
        try:
            yield
        except PORT_FAILURES as error:
            self.port.closePort()
            raise PortLostError(
                f"The port {name} was lost ({error}): check the arm's USB cable and plug it in."
            ) from error
        except NoReplyError:
            self.counters.timeouts += 1
            raise
        except CorruptReplyError:
            self.counters.corrupt += 1
            raise
        finally:
            self.port.is_using = False  # the SDK leaves it set after an exception

    def _transmit(self, request: Request, size: int) -> None:
        result = request.send(size)
        if result != robotis_def.COMM_SUCCESS:
            reason = self.handler.getTxRxResult(result)
            raise BusError(f"The port {self.port.port_name} did not take a request: {reason}")
        self.port.setPacketTimeout((_PACKET_AROUND_DATA + size) * len(request.motors))

    def _receive(self, motors: Sequence[Motor], size: int) -> dict[str, Reply]:
        """The replies with `size` data bytes of all these motors, whatever else comes."""
        missing = {motor.id: motor for motor in motors}
        replies: dict[str, Reply] = {}
        while missing:
            packet, result = self.handler.rxPacket(self.port, False)
            if result == robotis_def.COMM_RX_TIMEOUT:
                raise self._silent(tuple(missing.values()))
            if result != robotis_def.COMM_SUCCESS:
                raise self._damaged()
            error, data = packet[_ERROR], _data(packet)
            if packet[_ID] in missing and (len(data) == size or (not data and error & ~ALERT)):
                replies[missing.pop(packet[_ID]).name] = Reply(error, data)
                continue
            self.counters.strays += 1
            if self.port.isPacketTimeout():
                raise self._silent(tuple(missing.values()))
        if any(reply.error & ~ALERT == _DAMAGED_REQUEST for reply in replies.values()):
            raise self._damaged()
        if self.port.getBytesAvailable() >= _PACKET_AROUND_DATA:  # fewer are noise of the adapter
            self.counters.strays += 1
            raise self._silent(motors)
        return replies

    def _drain(self) -> None:
        """Throw away what comes, until nothing has come for the quiet time."""
        drained = 0
        while drained <= _BABBLE:
            self.port.setPacketTimeoutMillis(self._quiet_s * 1000.0)
            part = self.port.readPort(1)
            while not part and not self.port.isPacketTimeout():
                part = self.port.readPort(1)
            if not part:
                self._suspect = False
                return
            waiting = len(part) + self.port.getBytesAvailable()
            self.port.clearPort()
            self.counters.drained_bytes += waiting
            drained += waiting
        raise CorruptReplyError(
            f"The port {self.port.port_name} does not become quiet: disconnect what else talks on "
            f"the servo bus, or correct the baud in the hardware config."
        )

    def _silent(self, missing: Sequence[Motor]) -> NoReplyError:
        first, *others = missing
        more = f" (nor do {len(others)} more that were asked with it)" if others else ""
        return NoReplyError(
            f"{self.place(first)} does not answer{more}: check its cable and the arm's power.",
            [motor.name for motor in missing],
        )

    def _damaged(self) -> CorruptReplyError:
        return CorruptReplyError(
            f"Packets on {self.port.port_name} come damaged: check the arm's cables, and that no "
            f"two servos have the same id."
        )


def _data(packet: Sequence[int]) -> bytes:
    """Data bytes of a status packet; the SDK leaves rubbish behind what it has unstuffed."""
    length = packet[_LENGTH] | packet[_LENGTH + 1] << 8
    return bytes(packet[_DATA : _DATA + max(length - _LENGTH_AROUND_DATA, 0)])
