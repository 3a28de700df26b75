"""Requests of a servo bus and the replies that belong to them, on one port."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from lerecord.motors.bus import BusCounters, Motor
from lerecord.motors.errors import BusError, CorruptReplyError, NoReplyError, PortLostError
from lerecord.motors.retry import Retry
from lerecord.motors.serial_port import PORT_FAILURES

MOST_EXTRA = 12  # reads that may be unanswered at once and still be told apart

_BABBLE = 16_384  # bytes; 0.16 s of them at 1 Mbaud are no late reply


class DamagedError(Exception):
    """A packet came damaged."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status packet: which servo sent it, its error field, its data."""

    id: int
    error: int
    data: bytes


class Packets(Protocol):
    """How a make of servos packs what it says.

    Attributes:
        overhead: bytes of a status packet around its data.
    """

    overhead: int

    def receive(self, port: Any) -> Status | None:
        """The next status packet; None when none comes in time. Raises DamagedError."""

    def refusal(self, error: int) -> int:
        """The number in an error field by which a servo says that it did not do what it was told.

        It is 0 when it did, or when its make does not say.
        """

    def is_damage(self, refusal: int) -> bool:
        """True for the refusal of a request that came damaged at the servo."""


@dataclass(frozen=True, slots=True)
class Request:
    """One instruction and who has to answer it.

    Attributes:
        motors: those that have to answer; may be none.
        sizes: numbers of data bytes that a reply may have, the preferred one first.
        send: writes the packet that asks for so many data bytes; raises BusError when the port
            does not take it.
    """

    motors: tuple[Motor, ...]
    sizes: range
    send: Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What one servo answered: error field, what of it is a refusal, data (none then)."""

    error: int
    refusal: int
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
        port: a WaitingPort, or what acts like one.
        packets: of the servos on it.
        quiet_s: the wire counts as quiet after so long without a byte.
        now: clock of the retry budgets, seconds.

    Attributes:
        port: as given.
        counters: what was seen so far.
    """

    def __init__(
        self, port: Any, packets: Packets, quiet_s: float, now: Callable[[], float]
    ) -> None:
        self.port = port
        self._packets = packets
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
        request.send(size)
        self.port.setPacketTimeout((self._packets.overhead + size) * len(request.motors))

    def _receive(self, motors: Sequence[Motor], size: int) -> dict[str, Reply]:
        """The replies with `size` data bytes of all these motors, whatever else comes."""
        missing = {motor.id: motor for motor in motors}
        replies: dict[str, Reply] = {}
        while missing:
            status = self._next()
            if status is None:
                raise self._silent(tuple(missing.values()))
            refusal = self._packets.refusal(status.error)
            fits = len(status.data) == size or (not status.data and refusal)
            if status.id in missing and fits:
                motor = missing.pop(status.id)
                replies[motor.name] = Reply(status.error, refusal, status.data)
                continue
            self.counters.strays += 1
            if self.port.isPacketTimeout():
                raise self._silent(tuple(missing.values()))
        if any(self._packets.is_damage(reply.refusal) for reply in replies.values()):
            raise self._damaged()
        # Fewer bytes are noise of the adapter, and behind a request to nobody comes its echo.
        if motors and self.port.getBytesAvailable() >= self._packets.overhead:
            self.counters.strays += 1
            raise self._silent(motors)
        return replies

    def _next(self) -> Status | None:
        try:
            return self._packets.receive(self.port)
        except DamagedError as error:
            raise self._damaged() from error

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
            f"The port {self.port.port_name} does not go quiet: disconnect anything else that "
            f"talks on the servo bus, or correct the baud in the hardware config."
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
            f"Packets on {self.port.port_name} arrive damaged: check the arm's cables, and that no "
            f"two servos have the same id."
        )
