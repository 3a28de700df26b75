"""What comes of servos that send at the same time, as two with the same ID do."""

from collections.abc import Sequence


def together(packets: Sequence[bytes]) -> bytes:
    """What is on the wire then: a line that any of them pulls low is low."""
    if not packets:
        return b""
    longest = max(len(packet) for packet in packets)
    whole = bytearray(b"\xff" * longest)
    for packet in packets:
        for at, byte in enumerate(packet):
            whole[at] &= byte
    return bytes(whole)
