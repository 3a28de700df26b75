"""Packets of the STS protocol in a stream of bytes.

FF FF | ID | length | instruction | parameters | checksum. The length counts from the instruction
to the checksum: the inverted low byte of the sum from the ID on. A status packet has the error
byte in the instruction's place. Source: the maker's protocol manual.
"""

from collections.abc import Iterator
from dataclasses import dataclass

BROADCAST = 0xFE
_HEADER = b"\xff\xff"
_AROUND = 4  # header, ID and length
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Packet:
    """An instruction as it arrived: for whom, what, with what; and its bytes."""

    id: int
    instruction: int
    parameters: bytes
    raw: bytes


def status(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """A status packet: the error byte, then what was read."""
    body = bytes([servo_id, len(parameters) + 2, error]) + parameters
    return _HEADER + body + bytes([checksum(body)])


def checksum(body: bytes) -> int:
    """Of everything from the ID on."""
    return ~sum(body) & 0xFF


class Parser:
    """Finds packets in a stream of bytes that may come in any pieces and hold noise.

    A packet whose checksum is wrong is dropped: a servo does not answer it.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take bytes; yield every packet that is complete by now."""
        self._buffer += data
        while (size := self._first_packet()) is not None:
            whole = bytes(self._buffer[:size])
            intact = checksum(whole[2:-1]) == whole[-1]
            del self._buffer[: size if intact else 1]
            if intact:
                yield Packet(whole[2], whole[4], whole[5:-1], whole)

    def _first_packet(self) -> int | None:
        """Drop noise; size of the packet at the front of the buffer, None when it is not whole."""
        buffer = self._buffer
        while True:
            start = buffer.find(_HEADER)
            if start < 0:
                del buffer[: max(0, len(buffer) - 1)]
                return None
            del buffer[:start]
            if len(buffer) < _AROUND:
                return None
            if buffer[2] != 0xFF and buffer[3] >= _SHORTEST:
                size = _AROUND + buffer[3]
                return size if len(buffer) >= size else None
            del buffer[:1]
