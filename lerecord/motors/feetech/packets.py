"""Packets of Feetech's STS protocol.

FF FF | ID | length | instruction | parameters | checksum. The length counts from the instruction
to the checksum, which is the inverted low byte of the sum from the ID on. A status packet has the
error byte in the instruction's place. Each servo answers a sync read with a packet of its own, in
the order asked. Source: the maker's "Communication Protocol" manual and memory table.

Some adapters echo what is sent: a packet that is byte for byte the request is not an answer.
"""

from collections.abc import Sequence
from typing import Any

from lerecord.motors.errors import BusError
from lerecord.motors.wire import DamagedError, Status

READ, WRITE, SYNC_READ, SYNC_WRITE = 0x02, 0x03, 0x82, 0x83
BROADCAST = 0xFE

_HEADER = b"\xff\xff"
_CHECKSUM_AND_ERROR = 2


def packed(servo_id: int, instruction: int, parameters: bytes) -> bytes:
    """A packet; with the error byte as the instruction, a status packet."""
    body = bytes([servo_id, len(parameters) + 2, instruction]) + parameters
    return _HEADER + body + bytes([~sum(body) & 0xFF])


class StsPackets:
    """What is written to the port, and the status packets that come from it."""

    overhead = 6

    def __init__(self) -> None:
        self._request = b""

    def read(self, port: Any, ids: Sequence[int], address: int, size: int) -> None:
        """Ask servos for bytes of their control tables."""
        if len(ids) == 1:
            self._send(port, packed(ids[0], READ, bytes([address, size])))
        else:
            self._send(port, packed(BROADCAST, SYNC_READ, bytes([address, size, *ids])))

    def write(self, port: Any, servo_id: int, address: int, data: bytes) -> None:
        """Write bytes into the control table of a servo, which acknowledges it."""
        self._send(port, packed(servo_id, WRITE, bytes([address]) + data))

    def sync_write(self, port: Any, address: int, size: int, data: Sequence[int]) -> None:
        """Write `size` bytes into each of several servos: ID and bytes, one after the other."""
        self._send(port, packed(BROADCAST, SYNC_WRITE, bytes([address, size, *data])))

    def receive(self, port: Any) -> Status | None:
        """The next status packet; None when none comes in time. Raises DamagedError."""
        packet = _received(port)
        while packet is not None and packet == self._request:
            packet = _received(port)
        return None if packet is None else Status(packet[2], packet[4], packet[5:-1])

    def refusal(self, error: int) -> int:
        """A servo of this make does not say what it has not done."""
        return 0

    def is_damage(self, refusal: int) -> bool:
        """A servo of this make does not answer a damaged request."""
        return False

    def _send(self, port: Any, packet: bytes) -> None:
        self._request = packet
        if port.writePort(packet) != len(packet):
            raise BusError(f"The port {port.port_name} did not take a request: it is stuck.")


def _received(port: Any) -> bytes | None:
    """One packet as it came, with noise before it thrown away; None when nothing came in time."""
    seen = last = _some(port, 1)
    while last and not (seen.startswith(_HEADER) and last != b"\xff"):
        last = _some(port, 1)
        seen = (seen + last)[-3:]
    if not seen:
        return None
    if not last:
        raise DamagedError  # noise
    length = _exactly(port, 1)[0]
    if length < _CHECKSUM_AND_ERROR:
        raise DamagedError
    packet = seen + bytes([length]) + _exactly(port, length)
    if ~sum(packet[2:-1]) & 0xFF != packet[-1]:
        raise DamagedError
    return packet


def _exactly(port: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = _some(port, size - len(data))
        if not part:
            raise DamagedError
        data += part
    return data


def _some(port: Any, most: int) -> bytes:
    """At least one byte, or none when the time is over."""
    while True:
        part: bytes = port.readPort(most)
        if part or port.isPacketTimeout():
            return part
