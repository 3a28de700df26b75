"""Ways onto a simulated bus: a lock-step port in memory; terminals and sockets that are real."""

import contextlib
import os
import select
import socket
import tempfile
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from lerecord.priority import Realtime, ask_for_realtime
from lerecord.simulator.ports.terminal import Cable, FixedCable, Terminal, Wire

_BITS_PER_BYTE = 10  # one start bit, eight data bits, one stop bit
_TIMEOUT_SLACK_S = 0.001
_READ_BYTES = 4096


class LockStepPort:
    """A port whose clock moves only when bytes travel or somebody waits.

    It has the surface of `dynamixel_sdk.PortHandler`, so the vendor's packet handler runs on it
    without sleeping: a reply is there right after the request, and waiting for one that will not
    come takes no real time.

    Args:
        wire: the bus on the other end.
        baudrate: bits a second; bytes take the time that they take on a wire.
        cable: what of the wire's replies is late; the wire itself, when it is a Line.

    Attributes:
        clock_s: the virtual clock, in seconds; advance it to let the servos move.
        tampering: each reply goes through the next of these functions, when there is one, and so
            gets lost, late, torn or damaged.
    """

    def __init__(self, wire: Wire, baudrate: int = 1_000_000, cable: Cable | None = None) -> None:
        self.clock_s = 0.0
        self.tampering: deque[Callable[[bytes], bytes]] = deque()
        self.is_open = False
        self.is_using = False
        self.port_name = "lockstep"
        self.baudrate = baudrate
        self._wire = wire
        self._cable = cable if cable is not None else FixedCable()
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
        reply = self._wire.feed(data, self.clock_s, self.baudrate)
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
        self._await_late()
        if self._arrived:
            return False
        self.clock_s = max(self.clock_s, self._deadline_s + _TIMEOUT_SLACK_S)
        return True

    def getCurrentTime(self) -> float:  # noqa: N802
        """Virtual milliseconds."""
        return self.clock_s * 1000.0

    def _await_late(self) -> None:
        """Let the clock move on to a reply that is late, but comes before the deadline."""
        while not self._arrived:
            wait_s = self._cable.wait_s(self.clock_s)
            if wait_s is None or self.clock_s + wait_s > self._deadline_s:
                return
            self.clock_s += wait_s
            reply = self._cable.late(self.clock_s)
            self.clock_s += self._travel_s(len(reply))
            self._arrived += reply

    def _travel_s(self, count: int) -> float:
        return count * _BITS_PER_BYTE / self.baudrate


class Ports:
    """Serves wires on file descriptors from one thread, each request at the time it is read.

    Each group of replies leaves in one write, so that a client never sees half of one. It owns the
    descriptors, and the folder of the terminals' names, and lets go of them at the end.

    Args:
        now: clock that the wires are fed with, in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._folder = tempfile.TemporaryDirectory(prefix="lerecord-sim-")
        self._terminals: list[Terminal] = []
        self._sockets: dict[int, Wire] = {}
        self._owned: list[int] = []
        self._wake_read, self._wake_write = os.pipe()
        self._ending = False
        self._thread = threading.Thread(target=self._serve, name="ports", daemon=True)

    def add_terminal(self, wire: Wire, name: str | None = None, cable: Cable | None = None) -> str:
        """Serve a wire on a new pseudo-terminal; the path that a client opens."""
        path = Path(self._folder.name) / (name or f"port{len(self._terminals)}")
        terminal = Terminal(path, wire, cable if cable is not None else FixedCable())
        terminal.follow_plug(self._now())
        self._terminals.append(terminal)
        return str(path)

    def add_socket(self, wire: Wire) -> socket.socket:
        """Serve a wire on a new socket; the other end of it, which the caller owns."""
        server, client = socket.socketpair()
        server.setblocking(False)
        descriptor = server.detach()
        self._sockets[descriptor] = wire
        self._owned.append(descriptor)
        return client

    def wake(self) -> None:
        """Ask the cables again what they have: something has changed."""
        os.write(self._wake_write, b"\0")

    def __enter__(self) -> "Ports":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self.wake()
        self._thread.join()
        for terminal in self._terminals:
            terminal.close()
        for descriptor in (*self._owned, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._folder.cleanup()

    def _serve(self) -> None:
        ask_for_realtime(Realtime.SIMULATED_SERVOS)  # real servos wait for no processor
        while not self._ending:
            wait_s = self._follow_cables()
            feeds = {t.server: t.feed for t in self._terminals if t.server is not None}
            feeds |= {descriptor: wire.feed for descriptor, wire in self._sockets.items()}
            ready, _, _ = select.select([*feeds, self._wake_read], [], [], wait_s)
            for descriptor in ready:
                if descriptor == self._wake_read:
                    os.read(self._wake_read, _READ_BYTES)
                elif not self._answer(descriptor, feeds[descriptor]):
                    self._sockets.pop(descriptor, None)

    def _follow_cables(self) -> float | None:
        """Plug and unplug, send what was late; seconds until there is more of that to do."""
        waits = []
        for terminal in self._terminals:
            now = self._now()
            terminal.follow_plug(now)
            if terminal.server is not None:
                _send(terminal.server, terminal.cable.late(now))
            if (wait_s := terminal.cable.wait_s(now)) is not None:
                waits.append(max(wait_s, 0.0))
        return min(waits, default=None)

    def _answer(self, descriptor: int, feed: Callable[[bytes, float], bytes]) -> bool:
        """False when the other end is gone for good."""
        try:
            data = os.read(descriptor, _READ_BYTES)
            if not data:
                return False
            _send(descriptor, feed(data, self._now()))
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        return True


def _send(descriptor: int, data: bytes) -> None:
    """In one write; what is on a wire that nobody listens to is gone."""
    with contextlib.suppress(BlockingIOError):
        if data:
            os.write(descriptor, data)
