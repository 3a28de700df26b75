"""A camera's JPEG: the size in its header, its pixels in full or small, and whether it is whole.

The header is read before anything is decoded: a damaged or hostile one may announce gigabytes.
"""

import re

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.caught import stderr_caught

MOST_PIXELS = 1 << 26
"""That are decoded where nothing says what size is due: more than two 8K images."""

_START, _END = b"\xff\xd8", b"\xff\xd9"
_FULL = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_SMALL = cv2.IMREAD_REDUCED_COLOR_8 | cv2.IMREAD_IGNORE_ORIENTATION
_HALF = cv2.IMREAD_REDUCED_COLOR_2 | cv2.IMREAD_IGNORE_ORIENTATION
_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # markers of a frame header
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a segment
_SCAN, _LAST = 0xDA, 0xD9
# libjpeg fills up what it cannot decode, and tells only on stderr; OpenCV hands nothing on.
_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG")
_EXTRA = re.compile(r"(\d+) extraneous bytes before marker")
_PADDING = 8  # bytes that many cameras put before a marker, in images that are whole


class CorruptImageError(Exception):
    """An image's bytes are no whole JPEG."""


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height as the header says.

    Raises:
        CorruptImageError: there is no header, or it says no size.
    """
    if data[:2] != _START:
        raise CorruptImageError("it is no JPEG")
    at = 2
    try:
        while True:
            if data[at] != 0xFF:
                raise CorruptImageError("the header of the JPEG is damaged")
            while data[at] == 0xFF:
                at += 1
            marker = data[at]
            if marker in _SIZES:
                height, width = (int.from_bytes(data[at + i : at + i + 2]) for i in (4, 6))
                if not (width and height and len(data) >= at + 8):
                    break
                return width, height
            if marker in (_SCAN, _LAST):
                break
            at += 1 if marker in _BARE else 1 + int.from_bytes(data[at + 1 : at + 3])
    except IndexError:
        pass
    raise CorruptImageError("the header of the JPEG says no size")


def decode(data: bytes, most_pixels: int = MOST_PIXELS) -> NDArray[np.uint8]:
    """The pixels of a JPEG, (H, W, 3) uint8 BGR, as it lies: an EXIF orientation is ignored.

    Raises:
        CorruptImageError: it is torn, damaged or none, or its header announces more pixels.
    """
    return _decoded(data, most_pixels, _FULL)


def thumbnail(data: bytes) -> NDArray[np.uint8]:
    """An eighth of a JPEG's width and height, as `decode` does it but in a fraction of the time."""
    return _decoded(data, MOST_PIXELS, _SMALL)


def half_size(data: bytes) -> NDArray[np.uint8]:
    """Half of a JPEG's width and height, as `decode` does it."""
    return _decoded(data, MOST_PIXELS, _HALF)


def _decoded(data: bytes, most_pixels: int, how: int) -> NDArray[np.uint8]:
    width, height = size_of(data)
    if width * height > most_pixels:
        raise CorruptImageError(f"the header of the JPEG says {width}x{height}")
    # Some releases of OpenCV fill the missing part of a torn JPEG with grey and say nothing.
    if data.rfind(_END) < 0:
        raise CorruptImageError("the JPEG has no end")
    with stderr_caught(_DAMAGE) as warnings:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), how)
    if pixels is None:
        raise CorruptImageError("the JPEG does not decode")
    for warning in warnings:
        if not _is_padding(warning):
            raise CorruptImageError(warning)
    return pixels.astype(np.uint8, copy=False)


def _is_padding(warning: str) -> bool:
    """Whether libjpeg stumbled over a few bytes that were only too many."""
    extra = _EXTRA.search(warning)
    return extra is not None and int(extra[1]) <= _PADDING


def trimmed(data: bytes) -> bytes:
    """Without the padding that some cameras leave behind the end of the JPEG."""
    end = data.rfind(_END) + len(_END)
    return data[:end] if len(_END) <= end < len(data) else data
