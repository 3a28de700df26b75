import re

from dynamixel_sdk import Protocol2PacketHandler
from hypothesis import given
from hypothesis import strategies as st

from lerecord.simulator.dynamixel.packets import (
    HEADER,
    Packet,
    Parser,
    crc16,
    encode,
    stuff,
    unstuff,
)
from lerecord.simulator.ports.ports import LockStepPort

# Bodies that hold headers and stuffing far more often than chance would give.
BODIES = st.lists(st.sampled_from([b"\xff", b"\xfd", b"\x00", b"\x55", HEADER])).map(b"".join)
PACKETS = st.tuples(st.integers(0, 0xFE), st.integers(0, 0xFF), BODIES)


def parse(data: bytes) -> list[Packet]:
    return list(Parser().feed(data))


# Packets of the e-manual's examples.
def test_ping_is_the_one_of_the_manual() -> None:
    assert encode(1, 0x01).hex() == "fffffd0001030001194e"


def test_write_is_the_one_of_the_manual() -> None:
    parameters = bytes([0x74, 0x00, 0x00, 0x02, 0x00, 0x00])
    assert encode(1, 0x03, parameters).hex() == "fffffd0001090003740000020000ca89"


@given(BODIES)
def test_stuffing_can_be_undone(body: bytes) -> None:
    assert unstuff(stuff(body)) == body


@given(BODIES)
def test_every_header_in_a_stuffed_body_is_marked(body: bytes) -> None:
    assert re.search(b"\xff\xff\xfd(?!\xfd)", stuff(body)) is None


# Bodies without a header only: dynamixel-sdk 4.1.0 loses the stuffing that it computes.
@given(st.integers(0, 252), BODIES.filter(lambda body: HEADER not in body))
def test_it_is_what_the_vendors_client_sends(servo_id: int, data: bytes) -> None:
    wire = Wire()
    port = LockStepPort(wire)
    Protocol2PacketHandler().writeTxOnly(port, servo_id, 0x0123, len(data), list(data))
    assert wire.sent == encode(servo_id, 0x03, b"\x23\x01" + data)


class Wire:
    """Keeps what is sent."""

    sent = b""

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        self.sent += data
        return b""


@given(PACKETS, st.integers(0))
def test_any_single_wrong_bit_changes_the_crc(packet: tuple[int, int, bytes], place: int) -> None:
    whole = bytearray(encode(*packet))
    bit = place % (8 * len(whole))
    whole[bit // 8] ^= 1 << bit % 8
    assert crc16(bytes(whole[:-2])) != int.from_bytes(whole[-2:], "little")


@given(PACKETS)
def test_what_is_encoded_is_parsed(packet: tuple[int, int, bytes]) -> None:
    assert parse(encode(*packet)) == [Packet(*packet)]


@given(st.lists(PACKETS, max_size=5), st.lists(st.integers(1, 7), min_size=1))
def test_pieces_do_not_matter(packets: list[tuple[int, int, bytes]], sizes: list[int]) -> None:
    stream, parser, found = b"".join(encode(*packet) for packet in packets), Parser(), []
    while stream:
        for size in sizes:
            found += list(parser.feed(stream[:size]))
            stream = stream[size:]
    assert found == [Packet(*packet) for packet in packets]


@given(st.binary(max_size=40), PACKETS)
def test_a_packet_is_found_after_noise(noise: bytes, packet: tuple[int, int, bytes]) -> None:
    # Noise may look like the start of a packet of up to 1024 bytes: only then do more bytes help.
    later = [found for found in parse(noise + encode(*packet) + bytes(1200)) if found.intact]
    assert Packet(*packet) in later


def test_a_damaged_packet_is_told_and_the_next_one_still_found() -> None:
    damaged = bytearray(encode(1, 0x03, b"\x40\x00\x01"))
    damaged[9] ^= 0x10
    found = parse(bytes(damaged) + encode(2, 0x01))
    assert [(packet.id, packet.intact) for packet in found] == [(1, False), (2, True)]


def test_a_packet_inside_a_damaged_one_is_found() -> None:
    torn = encode(1, 0x03, bytes(30))[:12]
    found = parse(torn + encode(2, 0x01) + bytes(30))
    assert [(packet.id, packet.intact) for packet in found] == [(1, False), (2, True)]


def test_what_follows_a_header_must_be_zero() -> None:
    strange = bytearray(encode(1, 0x01))
    strange[3] = 1
    assert parse(bytes(strange) + encode(2, 0x01)) == [Packet(2, 0x01, b"")]


def test_an_impossible_length_is_no_packet() -> None:
    empty = HEADER + b"\x00\x01\x02\x00" + bytes(20)
    long = HEADER + b"\x00\x01\xff\xff"
    assert parse(empty + long + encode(3, 0x01)) == [Packet(3, 0x01, b"")]
