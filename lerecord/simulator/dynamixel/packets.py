"""Packets of the Dynamixel Protocol 2.0: byte stuffing, CRC-16, finding packets in a stream.

FF FF FD 00 | ID | length (2) | instruction | parameters ... | CRC (2). The length counts from the
instruction to the CRC. In the body, FF FF FD is sent as FF FF FD FD. The CRC (polynomial 0x8005,
start 0) covers everything before it. Source: ROBOTIS e-manual, DYNAMIXEL Protocol 2.0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER = b"\xff\xff\xfd"
BROADCAST = 0xFE
STATUS = 0x55
_PREFIX = HEADER + b"\x00"
_BODY_AT = 7  # header, ID and length come before
_CRC_BYTES = 2
_LONGEST = 1024  # a length beyond this is noise, not a packet


@dataclass(frozen=True, slots=True)
class Packet:
    """An instruction as it arrived.

    Attributes:
        id: of the servo that is meant, or BROADCAST.
        instruction: its number.
        parameters: without stuffing.
        intact: False when its CRC does not match.
        raw: its bytes.
    """

    id: int
    instruction: int
    parameters: bytes
    intact: bool = True
    raw: bytes = field(default=b"", compare=False)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ (0x8005 if crc & 0x8000 else 0)) & 0xFFFF
        table.append(crc)
    return tuple(table)


_TABLE = _crc_table()


def crc16(data: bytes, crc: int = 0) -> int:
    """CRC-16 of the data, going on from `crc`."""
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _TABLE[crc >> 8 ^ byte]
    return crc


def stuff(body: bytes) -> bytes:
    """Put FD after every FF FF FD, so that a body never holds a header."""
    return body.replace(HEADER, HEADER + b"\xfd")


def unstuff(body: bytes) -> bytes:
    """Undo stuff()."""
    return body.replace(HEADER + b"\xfd", HEADER)


def encode(servo_id: int, instruction: int, parameters: bytes = b"") -> bytes:
    """A whole packet, ready for the wire."""
    body = stuff(bytes([instruction]) + parameters)
    length = len(body) + _CRC_BYTES
    packet = _PREFIX + bytes([servo_id]) + length.to_bytes(2, "little") + body
    return packet + crc16(packet).to_bytes(_CRC_BYTES, "little")


def status(servo_id: int, error: int, parameters: bytes = b"") -> bytes:
    """A status packet: the error byte, then what was read."""
    return encode(servo_id, STATUS, bytes([error]) + parameters)


class Parser:
    """Finds packets in a stream of bytes that may come in any pieces and hold noise."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Take bytes; yield every packet that is complete by now.

        Noise before a header is dropped. A packet whose CRC is wrong is yielded with `intact`
        False, and the search goes on right behind its header, so that a packet inside a damaged
        one is still found.
        """
        self._buffer += data
        while (size := self._first_packet()) is not None:
            whole = bytes(self._buffer[:size])
            intact = crc16(whole[:-_CRC_BYTES]) == int.from_bytes(whole[-_CRC_BYTES:], "little")
            del self._buffer[: size if intact else len(HEADER)]
            body = unstuff(whole[_BODY_AT:-_CRC_BYTES])
            yield Packet(whole[4], body[0], body[1:], intact, whole)

    def _first_packet(self) -> int | None:
        """Drop noise; size of the packet at the front of the buffer, None when it is not whole."""
        buffer = self._buffer
        while True:
            start = buffer.find(HEADER)
            if start < 0:  # the last two bytes may be the start of a header
                del buffer[: max(0, len(buffer) - len(HEADER) + 1)]
                return None
            del buffer[:start]
            if len(buffer) < _BODY_AT:
                return None
            length = int.from_bytes(buffer[5:7], "little")
            if buffer[3] == 0 and 1 + _CRC_BYTES <= length <= _LONGEST:
                size = _BODY_AT + length
                return size if len(buffer) >= size else None
            del buffer[: len(HEADER)]
