from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.motors.feetech.packets import READ, WRITE, StsPackets, packed
from lerecord.motors.wire import DamagedError, Status


class Port:
    """Gives what a test puts there, and keeps what is written."""

    port_name = "port"

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = deque(pieces)
        self.written: list[bytes] = []

    def readPort(self, length: int) -> bytes:  # noqa: N802
        if not self.pieces:
            return b""
        piece = self.pieces.popleft()
        if piece[length:]:
            self.pieces.appendleft(piece[length:])
        return piece[:length]

    def writePort(self, packet: bytes) -> int:  # noqa: N802
        self.written.append(bytes(packet))
        return len(packet)

    def isPacketTimeout(self) -> bool:  # noqa: N802
        return not self.pieces


def test_packets_are_those_of_the_makers_manual() -> None:
    port, packets = Port(), StsPackets()
    packets.write(port, 1, 55, b"\x00")
    packets.write(port, 2, 42, bytes.fromhex("E803 0000 0000"))
    packets.read(port, [1], 56, 2)
    packets.read(port, [1, 2], 56, 8)
    packets.sync_write(port, 42, 2, [1, 0, 8, 2, 0, 8])
    assert port.written == [
        bytes.fromhex("FFFF 01 04 03 37 00 C0"),
        bytes.fromhex("FFFF 02 09 03 2A E803 0000 0000 DC"),
        bytes.fromhex("FFFF 01 04 02 38 02 BE"),
        bytes.fromhex("FFFF FE 06 82 38 08 01 02 36"),
        bytes.fromhex("FFFF FE 0A 83 2A 02 01 00 08 02 00 08 35"),
    ]


@given(st.integers(0, 253), st.integers(0, 255), st.binary(max_size=15), st.binary(max_size=4))
def test_a_reply_is_found_behind_noise_in_any_pieces(
    servo_id: int, error: int, data: bytes, noise: bytes
) -> None:
    reply = packed(servo_id, error, data)
    stream = noise.replace(b"\xff", b"\x00") + b"\xff" + reply
    port = Port(*(stream[at : at + 3] for at in range(0, len(stream), 3)))
    assert StsPackets().receive(port) == Status(servo_id, error, data)


@given(st.integers(2, 7), st.integers(1, 255))
def test_no_damaged_byte_is_believed(at: int, change: int) -> None:
    reply = packed(1, 0, b"\x12\x08")
    reply = reply[:at] + bytes([reply[at] ^ change]) + reply[at + 1 :]
    with pytest.raises(DamagedError):
        StsPackets().receive(Port(reply))


def test_silence_is_no_packet_and_noise_is_damage() -> None:
    assert StsPackets().receive(Port()) is None
    for noise in (b"\x00\x80", packed(1, 0, b"\x12\x08")[:-1], b"\xff\xff\xff\xff"):
        with pytest.raises(DamagedError):
            StsPackets().receive(Port(noise))


def test_the_echo_of_a_request_is_no_reply() -> None:
    packets, reply = StsPackets(), packed(1, 0, b"\x12\x08")
    port = Port(packed(1, READ, b"\x38\x02") + reply)
    packets.read(port, [1], 56, 2)  # a reply of two bytes would look the same
    assert packets.receive(port) == Status(1, 0, b"\x12\x08")
    assert packets.receive(port) is None
    port.pieces.append(packed(1, WRITE, b"\x37\x00"))
    packets.write(port, 1, 55, b"\x00")
    assert packets.receive(port) is None
