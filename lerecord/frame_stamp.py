"""The machine-readable strip along the top of every simulated image.

Two rows of forty black or white cells: the marker 1010, then 76 bits, most significant first:
a 24-bit image counter, the monotonic time in milliseconds modulo 2**32, the 12-bit pan encoder
of the follower, and a CRC-8 (polynomial 0x07) over the 68 bits before it. It survives JPEG and
video coding, so an image decoded from a dataset proves which image it is and when it was drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COLUMNS, ROWS = 40, 2
MARKER = (1, 0, 1, 0)
_FIELDS = (24, 32, 12)
_CRC_BITS = 8


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a strip says: image counter, milliseconds modulo 2**32, pan encoder (0 to 4095)."""

    counter: int
    milliseconds: int
    pan: int


def strip_height(height: int) -> int:
    """Pixels that the strip takes at the top of an image of that height."""
    return ROWS * max(8, height // 40)


def draw(image: NDArray[np.uint8], stamp: Stamp) -> None:
    """Draw the stamp into the top of an image of shape (H, W, 3) or (H, W), in place."""
    values = (stamp.counter, stamp.milliseconds, stamp.pan)
    payload = [
        bit for value, size in zip(values, _FIELDS, strict=True) for bit in _bits(value, size)
    ]
    cells = np.array(
        [*MARKER, *payload, *_bits(_crc8(payload), _CRC_BITS)], dtype=np.uint8
    ).reshape(ROWS, COLUMNS)
    height, width = image.shape[:2]
    columns = (np.arange(width) * COLUMNS) // width
    band = np.repeat(cells[:, columns] * np.uint8(255), strip_height(height) // ROWS, axis=0)
    image[: band.shape[0]] = band if image.ndim == 2 else band[:, :, np.newaxis]


def read(image: NDArray[np.uint8]) -> Stamp | None:
    """Read the stamp of an image of shape (H, W, 3) or (H, W); None when there is none to trust."""
    height, width = image.shape[:2]
    size = strip_height(height) // ROWS
    centres = ((np.arange(COLUMNS) + 0.5) * width / COLUMNS).astype(int)
    cells = []
    for row in range(ROWS):
        middle = row * size + size // 2
        patch = image[middle - 1 : middle + 2][:, np.add.outer(centres, (-1, 0, 1))]
        cells.extend(patch.mean(axis=(0, *range(2, patch.ndim))) > 127.5)
    bits = [int(cell) for cell in cells]
    payload, crc = bits[len(MARKER) : -_CRC_BITS], bits[-_CRC_BITS:]
    if tuple(bits[: len(MARKER)]) != MARKER or _bits(_crc8(payload), _CRC_BITS) != crc:
        return None
    counter, milliseconds, pan = (
        _number(payload[sum(_FIELDS[:i]) : sum(_FIELDS[: i + 1])]) for i in range(len(_FIELDS))
    )
    return Stamp(counter, milliseconds, pan)


def _bits(value: int, size: int) -> list[int]:
    return [value >> shift & 1 for shift in reversed(range(size))]


def _number(bits: list[int]) -> int:
    return int("".join(map(str, bits)), 2)


def _crc8(bits: list[int]) -> int:
    crc = 0
    for bit in bits:
        crc = (crc << 1 ^ (0x07 if (crc >> 7) ^ bit else 0)) & 0xFF
    return crc
