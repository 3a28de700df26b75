"""What the cameras see, small, in any terminal: a half block shows two pixels, one above the other.

Loaded only where images are shown, as decoding them is more than the rest of the screen needs.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.color import Color
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style

from lerecord.jpeg import CorruptImageError, thumbnail
from lerecord.printable import shown
from lerecord.processes import MailboxReader
from lerecord.ui.snapshot import PreviewedCamera

_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_FEWEST_LINES = 5
_PADDING = 1
_STALE_S = 1.0
_FINEST = 0xF8  # of a channel: neighbours that nobody can tell apart become one, and cost one

Rgb = tuple[int, int, int]


@dataclass(slots=True)
class _Seen:
    """A camera and the last image of it that decoded."""

    camera: PreviewedCamera
    reader: MailboxReader
    pixels: NDArray[np.uint8] | None = None
    captured_at: float = -math.inf

    def look(self) -> None:
        """Take the newest image; one that is damaged is passed over."""
        image = self.reader.newest()
        if image is None or image.captured_at == self.captured_at:
            return
        assert isinstance(image.data, bytes)
        try:
            pixels = thumbnail(image.data)
        except CorruptImageError:
            return
        self.captured_at = image.captured_at
        turn = _TURNS.get(self.camera.rotation)
        self.pixels = (
            pixels if turn is None else cv2.rotate(pixels, turn).astype(np.uint8, copy=False)
        )


class Painted:
    """Lines that are drawn as they are: as rich text, so many styles would take it far longer."""

    def __init__(self, lines: Sequence[Sequence[Segment]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for line in self._lines:
            yield from line
            yield Segment.line()


class Preview:
    """The newest image of each camera, side by side under their names."""

    def __init__(
        self, cameras: Sequence[PreviewedCamera], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._seen = [_Seen(camera, MailboxReader(camera.mailbox)) for camera in cameras]
        self._now = now

    def draw(self, width: int, height: int) -> Painted | None:
        """What fits into that many columns and lines; None where these are too few to see much."""
        columns = width // len(self._seen) - 2 * _PADDING
        if height < _FEWEST_LINES or columns < 2 * _FEWEST_LINES:
            return None
        parts = [
            [[self._caption(seen, columns)], *_picture(seen, columns, height - 1)]
            for seen in self._seen
        ]
        return Painted([_joined(line, columns) for line in zip_longest(*parts, fillvalue=())])

    def _caption(self, seen: _Seen, columns: int) -> Segment:
        seen.look()
        name, style = shown(seen.camera.name), Style(dim=True)
        age_s = self._now() - seen.captured_at
        if seen.pixels is None:
            name += ": no image yet"
        elif age_s > _STALE_S:
            name, style = f"{name}: {age_s:.0f} s old", Style(bold=True, color="red")
        return Segment(set_cell_size(name, min(columns, cell_len(name))), style)


def _picture(seen: _Seen, columns: int, lines: int) -> list[list[Segment]]:
    return [] if seen.pixels is None else half_blocks(seen.pixels, columns, lines)


def _joined(parts: Sequence[Sequence[Segment]], columns: int) -> list[Segment]:
    """One line of several pictures, each in so many columns."""
    line: list[Segment] = []
    for part in parts:
        rest = columns - sum(segment.cell_length for segment in part)
        line += [Segment(" " * _PADDING), *part, Segment(" " * (rest + _PADDING))]
    return line


def half_blocks(pixels: NDArray[np.uint8], columns: int, lines: int) -> list[list[Segment]]:
    """The picture as large as it fits, with square pixels: a character is twice as high as wide.

    Args:
        pixels: (H, W, 3) uint8 BGR.
        columns: characters in a line.
        lines: at most.
    """
    height, width = pixels.shape[:2]
    scale = min(columns / width, 2 * lines / height)
    size = max(1, round(width * scale)), 2 * max(1, round(height * scale / 2))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
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
