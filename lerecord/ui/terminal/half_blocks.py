"""Images in any terminal: a half block shows two pixels, one above the other."""

from functools import lru_cache
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.color import Color
from rich.segment import Segment
from rich.style import Style

_FINEST = 0xF8  # of a channel: neighbours that nobody can tell apart become one, and cost one

Rgb = tuple[int, int, int]


def cells_of(pixels: NDArray[np.uint8], columns: int, lines: int) -> tuple[int, int]:
    """Columns and lines of the picture as large as it fits: a character is twice as high as wide.

    Args:
        pixels: (H, W, 3).
        columns: at most.
        lines: at most.
    """
    height, width = pixels.shape[:2]
    scale = min(columns / width, 2 * lines / height)
    return max(1, round(width * scale)), max(1, round(height * scale / 2))


def half_blocks(pixels: NDArray[np.uint8], columns: int, lines: int) -> list[list[Segment]]:
    """The picture in so many columns and lines.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        columns: characters in a line.
        lines: of them.
    """
    small = cv2.resize(pixels, (columns, 2 * lines), interpolation=cv2.INTER_AREA).astype(
        np.uint8, copy=False
    )
    rgb = (small[..., ::-1] & _FINEST).tolist()
    return [
        [
            Segment("▀" * len(list(run)), _style(above, below))
            for (above, below), run in groupby(
                zip(map(tuple, upper), map(tuple, lower), strict=True)
            )
        ]
        for upper, lower in zip(rgb[::2], rgb[1::2], strict=True)
    ]


@lru_cache(maxsize=1 << 14)
def _style(above: Rgb, below: Rgb) -> Style:
    return Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
