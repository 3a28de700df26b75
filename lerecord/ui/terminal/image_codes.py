"""What terminals are sent that show images: kitty's protocol, iTerm2's, or sixels."""

import re
import zlib
from base64 import b64encode
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.segment import ControlType, Segment

_CHUNK = 4096  # characters of one command, as kitty's protocol has it
_JPEG_QUALITY = 85
_LEVELS = 6  # of each channel: 216 of the 256 colours that sixel terminals have at least
_BAND = 6  # lines of a band
_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)

Pixels = NDArray[np.uint8]


def over_blank(image: str, columns: int, lines: int) -> list[list[Segment]]:
    """Lines of spaces, and behind the last one the image, which is drawn over them.

    Args:
        image: what the terminal is sent with the cursor at the upper left corner.
        columns: of the spaces.
        lines: of them.
    """
    up = f"\x1b[{lines - 1}A" if lines > 1 else ""
    drawn = f"\x1b7{up}\x1b[{columns}D{image}\x1b8"
    blank = [[Segment(" " * columns)] for _ in range(lines)]
    blank[-1].append(Segment(drawn, None, [(ControlType.HOME,)]))  # text of no width
    return blank


def kitty(pixels: Pixels, number: int, columns: int, lines: int) -> str:
    """An image of kitty's graphics protocol, which takes the place of the one of that number.

    Args:
        pixels: (H, W, 3) BGR.
        number: from 1.
        columns: that it spans.
        lines: that it spans.
    """
    height, width = pixels.shape[:2]
    rgb = np.ascontiguousarray(pixels[..., ::-1]).tobytes()
    data = b64encode(zlib.compress(rgb, 1)).decode("ascii")
    head = f"a=T,q=2,C=1,f=24,o=z,i={number},p=1,s={width},v={height},c={columns},r={lines},"
    parts = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    return "".join(
        f"\x1b_G{head if place == 0 else 'q=2,'}m={int(place < len(parts) - 1)};{part}\x1b\\"
        for place, part in enumerate(parts)
    )


def without_kitty_images(count: int) -> str:
    """Takes the images of numbers 1 to count away."""
    return "".join(f"\x1b_Ga=d,d=I,q=2,i={number}\x1b\\" for number in range(1, count + 1))


def iterm2(pixels: Pixels, columns: int, lines: int) -> str:
    """An inline image of iTerm2, as a JPEG.

    Args:
        pixels: (H, W, 3) BGR.
        columns: that it spans.
        lines: that it spans.
    """
    jpeg = cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY))[1].tobytes()
    how = f"inline=1;size={len(jpeg)};width={columns};height={lines};preserveAspectRatio=0"
    return f"\x1b]1337;File={how}:{b64encode(jpeg).decode('ascii')}\x07"


def sixel(pixels: Pixels) -> str:
    """An image as sixels, each pixel as it is but for its colour, which is one of 216.

    Args:
        pixels: (H, W, 3) BGR.
    """
    height, width = pixels.shape[:2]
    levels = (pixels.astype(np.uint16) * (_LEVELS - 1) + 127) // 255
    blue, green, red = (levels[..., channel] for channel in range(3))
    colours = (red * _LEVELS + green) * _LEVELS + blue
    padded = np.full((-(-height // _BAND) * _BAND, width), _LEVELS**3, dtype=np.uint16)
    padded[:height] = colours
    bands = padded.reshape(-1, _BAND, width)
    body = "-".join("$".join(_rows(band)) for band in bands)
    return f'\x1bP0;1;0q"1;1;{width};{height}{_palette(np.unique(colours))}{body}\x1b\\'


def _palette(colours: NDArray[np.uint16]) -> str:
    def share(level: int) -> int:
        return 100 * level // (_LEVELS - 1)

    return "".join(
        f"#{c};2;{share(c // _LEVELS**2)};{share(c // _LEVELS % _LEVELS)};{share(c % _LEVELS)}"
        for c in map(int, colours)
    )


def _rows(band: NDArray[np.uint16]) -> Iterator[str]:
    """One row of sixels for each colour of a band."""
    weights = (1 << np.arange(_BAND, dtype=np.uint8))[:, np.newaxis]
    for colour in np.unique(band):
        if colour == _LEVELS**3:
            continue  # below the last line
        sixels = ((band == colour) * weights).sum(axis=0, dtype=np.uint8) + 63
        row = _RUN.sub(_run, sixels.tobytes().rstrip(b"?"))
        yield f"#{colour}{row.decode('ascii')}"


def _run(found: re.Match[bytes]) -> bytes:
    return b"!%d%c" % (len(found[0]), found[1][0])
