# ruff: noqa: N802 - the methods have the names that the makers' SDKs call
"""A serial port that waits in the kernel instead of spinning."""

import contextlib
import errno
import os
import select
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any

import serial

from lerecord.errors import ConfigError, DeviceError

GRACE_S = 0.005
LATENCY_TIMER_S = 0.016  # an FTDI adapter holds bytes back this long unless told otherwise
_WRITE_TIMEOUT_S = 0.2  # a request is 50 bytes: a port that takes none for so long is stuck
_CHUNK = 4096
_RATES = frozenset({
    9600, 19_200, 38_400, 57_600, 76_800, 115_200, 128_000, 230_400, 250_000, 460_800, 500_000,
    576_000, 921_600, 1_000_000, 1_152_000, 2_000_000, 2_500_000, 3_000_000, 3_500_000, 4_000_000,
})  # fmt: skip

PORT_FAILURES = (OSError, termios.error)  # pyserial's SerialException is an OSError
"""What any method of an open port raises when the device is unplugged."""


class WaitingPort:
    """What the makers' SDKs call a PortHandler, with other waiting, other clock, other patience.

    `readPort` waits in select for the bytes or the packet's time-out. Time-outs are the time of
    the bytes on the wire plus a grace, on a monotonic clock; an SDK's own are 34 ms plus, on wall
    time. The device is opened exclusively and in low-latency mode; where the latter is refused
    (a pty, some adapters) the grace covers an FTDI latency timer.

    Args:
        device: path of the port.
        baud: bits a second.
        grace_s: how much later than the wire needs a reply may come.
        now: clock, seconds.
    """

    def __init__(
        self,
        device: str,
        baud: int = 1_000_000,
        grace_s: float = GRACE_S,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.port_name = device
        self.baudrate = baud
        self.grace_s = grace_s
        self.is_open = False
        self.is_using = False  # an SDK's mark
        self.ser: Any = None
        self._byte_ms = 0.0
        self._deadline_ms = 0.0
        self._now = now
        self._received = bytearray()
        self._sent = 0
        self._looked_late = False

    def openPort(self) -> bool:
        """Open the device.

        Raises:
            DeviceError, ConfigError: it cannot be opened; the sentence says what to do.
        """
        if self.baudrate not in _RATES:
            raise _unknown_baud(self.port_name, self.baudrate)
        try:
            self._open()
        except (*PORT_FAILURES, ValueError) as error:
            raise _explained(error, self.port_name, self.baudrate) from error
        return True

    def _open(self) -> None:
        self.closePort()
        self.ser = serial.Serial(
            self.port_name,
            self.baudrate,
            timeout=0,
            exclusive=True,
        )
        self.is_open = True
        try:
            self.ser.set_low_latency_mode(True)
        except (ValueError, NotImplementedError, OSError):
            self.grace_s = max(self.grace_s, LATENCY_TIMER_S + GRACE_S)
        self.ser.reset_input_buffer()
        self._byte_ms = 10_000.0 / self.baudrate  # ten bits a byte

    def closePort(self) -> None:
        """Close the device; closing twice, or what is unplugged, is allowed."""
        self.is_open = False
        self._received.clear()
        if self.ser is not None:
            with contextlib.suppress(*PORT_FAILURES):
                self.ser.close()

    def clearPort(self) -> None:
        """Throw away what was received and not read."""
        self._received.clear()
        self.ser.reset_input_buffer()

    def getBytesAvailable(self) -> int:
        """Bytes that can be read without waiting."""
        waiting: int = self.ser.in_waiting
        return len(self._received) + waiting

    def writePort(self, packet: Sequence[int]) -> int:
        """Write a packet; returns the bytes taken, which are all.

        pyserial's own write calls a port stuck when this process stood still meanwhile.
        """
        data = bytes(packet)
        while data:
            _, ready, _ = select.select([], [self.ser.fileno()], [], _WRITE_TIMEOUT_S)
            if not ready:
                raise serial.SerialException("it takes no bytes")
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self.ser.fileno(), data) :]
        self._sent = len(packet)
        return self._sent

    def readPort(self, length: int) -> bytes:
        """Read so many bytes, or those that came before the packet's time-out."""
        while len(self._received) < length and self._receive():
            pass
        part = bytes(self._received[: max(length, 0)])
        del self._received[: len(part)]
        return part

    def getCurrentTime(self) -> float:
        """Milliseconds of the clock."""
        return self._now() * 1000.0

    def setPacketTimeout(self, packet_length: int) -> None:
        """Start the time-out of a reply of so many bytes to the request just written."""
        on_the_wire = (packet_length + self._sent) * self._byte_ms
        self.setPacketTimeoutMillis(on_the_wire + self.grace_s * 1000.0)

    def setPacketTimeoutMillis(self, msec: float) -> None:
        """Start a time-out of so many milliseconds."""
        self._deadline_ms = self.getCurrentTime() + msec
        self._looked_late = False

    def isPacketTimeout(self) -> bool:
        """True after the time-out."""
        return self.getCurrentTime() > self._deadline_ms

    def _receive(self) -> bool:
        """Wait for bytes until the time-out; False when none came.

        Once after the time-out the port is looked at without waiting: when this process did not
        run in time, the reply lies there. Only once, so that a babbling line comes to an end.
        """
        left_s = (self._deadline_ms - self.getCurrentTime()) / 1000.0
        if left_s <= 0.0:
            if self._looked_late:
                return False
            self._looked_late = True
        ready, _, _ = select.select([self.ser.fileno()], [], [], max(left_s, 0.0))
        if not ready:
            return False
        try:
            chunk = os.read(self.ser.fileno(), _CHUNK)
        except BlockingIOError:
            return True
        if not chunk:
            raise serial.SerialException("it is ready to read and gives nothing")
        self._received += chunk
        return True


def _explained(error: Exception, device: str, baud: int) -> DeviceError | ConfigError:
    """The sentence for a port that does not open."""
    if isinstance(error, ValueError):
        return _unknown_baud(device, baud)
    code = error.errno if isinstance(error, OSError) else error.args[0]
    if code in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
        return DeviceError(
            f"There is no port {device}: plug the arm in and switch it on, or correct the port in "
            f"the hardware config."
        )
    if code in (errno.EACCES, errno.EPERM):
        return DeviceError(
            f"The port {device} cannot be opened by this user: add the user to the group that "
            f"owns it (on most systems: sudo usermod -aG dialout $USER, then log in again)."
        )
    if code in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
        return DeviceError(
            f"The port {device} is in use: close the other program that uses it, or correct a "
            f"port that the hardware config names twice."
        )
    return DeviceError(f"The port {device} cannot be opened ({error}): check the hardware config.")


def _unknown_baud(device: str, baud: int) -> ConfigError:
    return ConfigError(
        f"The port {device} cannot run at {baud} baud: correct baud in the hardware config "
        f"(Koch and SO arms have 1000000)."
    )
