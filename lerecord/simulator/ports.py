"""Ways onto a simulated bus: a lock-step port in memory; terminals and sockets that are real."""

import contextlib
import os
import select
import socket
import sys
import threading
import tty
from collections import deque
from collections.abc import Callable
from typing import Protocol

_BITS_PER_BYTE = 10  # one start bit, eight data bits, one stop bit
_TIMEOUT_SLACK_S = 0.001
_READ_BYTES = 4096
_REAL_TIME_PRIORITY = 40


class Wire(Protocol):
    """What hangs on a port: takes bytes at a time, gives the replies to them in one piece."""

    def feed(self, data: bytes, now: float) -> bytes:
        """Replies to the bytes."""
        ...


class LockStepPort:
    """A port whose clock moves only when bytes travel or somebody waits.

    It has the surface of `dynamixel_sdk.PortHandler`, so the vendor's packet handler runs on it
    without sleeping: a reply is there right after the request, and waiting for one that will not
    come takes no real time.

    Args:
        wire: the bus on the other end.
        baudrate: bits a second; bytes take the time that they take on a wire.

    Attributes:
        clock_s: the virtual clock, in seconds; advance it to let the servos move.
        tampering: each reply goes through the next of these functions, when there is one, and so
            gets lost, late, torn or damaged.
    """

    def __init__(self, wire: Wire, baudrate: int = 1_000_000) -> None:
        self.clock_s = 0.0
        self.tampering: deque[Callable[[bytes], bytes]] = deque()
        self.is_open = False
        self.is_using = False
        self.port_name = "lockstep"
        self.baudrate = baudrate
        self._wire = wire
        self._arrived = bytearray()
        self._deadline_s = 0.0

    def now(self) -> float:
        """Seconds on the virtual clock."""
        return self.clock_s

    def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.clock_s += seconds

    def arrive(self, data: bytes) -> None:
        """Put bytes on the receiving side that nobody asked for, as a late reply would."""
        self._arrived += data

    def openPort(self) -> bool:  # noqa: N802 - the vendor's name, as are the following
        """Open; True."""
        self.is_open = True
        return True

    def closePort(self) -> None:  # noqa: N802
        """Close."""
        self.is_open = False

    def clearPort(self) -> None:  # noqa: N802
        """Forget what has arrived and was not read."""
        self._arrived.clear()

    def setPortName(self, port_name: str) -> None:  # noqa: N802
        """Set the name."""
        self.port_name = port_name

    def getPortName(self) -> str:  # noqa: N802
        """Its name."""
        return self.port_name

    def setBaudRate(self, baudrate: int) -> bool:  # noqa: N802
        """Set bits a second; True."""
        self.baudrate = baudrate
        return True

    def getBaudRate(self) -> int:  # noqa: N802
        """Bits a second."""
        return self.baudrate

    def getBytesAvailable(self) -> int:  # noqa: N802
        """Bytes that have arrived."""
        return len(self._arrived)

    def readPort(self, length: int) -> bytes:  # noqa: N802
        """At most `length` bytes that have arrived."""
        data = bytes(self._arrived[:length])
        del self._arrived[:length]
        return data

    def writePort(self, packet: bytes | list[int]) -> int:  # noqa: N802
        """Send; the replies have arrived when it returns. Count of bytes sent."""
        data = bytes(packet)
        self.clock_s += self._travel_s(len(data))
        reply = self._wire.feed(data, self.clock_s)
        self.clock_s += self._travel_s(len(reply))
        if reply and self.tampering:
            reply = self.tampering.popleft()(reply)
        self._arrived += reply
        return len(data)

    def setPacketTimeout(self, packet_length: int) -> None:  # noqa: N802
        """Expect that many bytes: their time on the wire, and the vendor's 34 ms of grace."""
        self.setPacketTimeoutMillis(self._travel_s(packet_length) * 1000.0 + 34.0)

    def setPacketTimeoutMillis(self, msec: float) -> None:  # noqa: N802
        """Wait at most that long from now."""
        self._deadline_s = self.clock_s + msec / 1000.0

    def isPacketTimeout(self) -> bool:  # noqa: N802
        """True when nothing is left to read: the clock then stands behind the deadline."""
        if self._arrived:
            return False
        self.clock_s = max(self.clock_s, self._deadline_s + _TIMEOUT_SLACK_S)
        return True

    def getCurrentTime(self) -> float:  # noqa: N802
        """Virtual milliseconds."""
        return self.clock_s * 1000.0

    def _travel_s(self, count: int) -> float:
        return count * _BITS_PER_BYTE / self.baudrate


class Ports:
    """Serves wires on file descriptors from one thread, each request at the time it is read.

    Each group of replies leaves in one write, so that a client never sees half of one. It owns the
    descriptors and closes them at the end.

    Args:
        now: clock that the wires are fed with, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._wires: dict[int, Wire] = {}
        self._owned: list[int] = []
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._serve, name="ports", daemon=True)

    def add_terminal(self, wire: Wire) -> str:
        """Serve a wire on a new pseudo-terminal; the path that a client opens.

        Both ends are kept open here: clients may open and close theirs as they like.
        """
        server, client = os.openpty()
        tty.setraw(client)
        self._add(server, wire)
        self._owned.append(client)
        return os.ttyname(client)

    def add_socket(self, wire: Wire) -> socket.socket:
        """Serve a wire on a new socket; the other end of it, which the caller owns."""
        server, client = socket.socketpair()
        self._add(server.detach(), wire)
        return client

    def __enter__(self) -> "Ports":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._wake_write, b"\0")
        self._thread.join()
        for descriptor in (*self._owned, self._wake_read, self._wake_write):
            os.close(descriptor)

    def _add(self, descriptor: int, wire: Wire) -> None:
        os.set_blocking(descriptor, False)
        self._wires[descriptor] = wire
        self._owned.append(descriptor)

    def _serve(self) -> None:
        _ask_for_real_time()
        served = [*self._wires, self._wake_read]
        while True:
            ready, _, _ = select.select(served, [], [])
            if self._wake_read in ready:
                return
            for descriptor in ready:
                if not self._answer(descriptor):
                    served.remove(descriptor)

    def _answer(self, descriptor: int) -> bool:
        """False when the other end is gone for good."""
        try:
            data = os.read(descriptor, _READ_BYTES)
            if not data:
                return False
            reply = self._wires[descriptor].feed(data, self._now())
            if reply:
                os.write(descriptor, reply)
        except BlockingIOError:
            return True  # nobody reads: what is on a wire that nobody listens to is gone
        except ConnectionError:
            return False
        return True


def _ask_for_real_time() -> None:
    """Real servos wait for no processor: ask for the same, where the system has it and allows."""
    if sys.platform == "linux":
        with contextlib.suppress(PermissionError):
            policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
            os.sched_setscheduler(0, policy, os.sched_param(_REAL_TIME_PRIORITY))
