"""What the cameras see, small, as well as the terminal can show it.

Loaded only where images are shown, as decoding them is more than the rest of the screen needs.
"""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.style import Style

from lerecord.jpeg import CorruptImageError, half_size, thumbnail
from lerecord.printable import shown
from lerecord.processes import MailboxReader
from lerecord.ui.snapshot import PreviewedCamera
from lerecord.ui.terminal.graphics import Graphics
from lerecord.ui.terminal.half_blocks import cells_of, half_blocks
from lerecord.ui.terminal.image_codes import (
    iterm2,
    kitty,
    over_blank,
    sixel,
    without_kitty_images,
)

_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_FEWEST_LINES = 5
_PADDING = 1
_STALE_S = 1.0
_PIXELS_A_COLUMN = 10  # wide enough for sharp images, few enough for a terminal far away


@dataclass(slots=True)
class _Seen:
    """A camera, its number from 1, and the last image of it that decoded."""

    camera: PreviewedCamera
    reader: MailboxReader
    number: int
    decode: Callable[[bytes], NDArray[np.uint8]]
    pixels: NDArray[np.uint8] | None = None
    captured_at: float = -math.inf

    def look(self) -> None:
        """Take the newest image; one that is damaged is passed over."""
        image = self.reader.newest()
        if image is None or image.captured_at == self.captured_at:
            return
        assert isinstance(image.data, bytes)
        try:
            pixels = self.decode(image.data)
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
    """The newest image of each camera, side by side under their names.

    Args:
        cameras: whose images are shown.
        graphics: how the terminal shows images.
        now: CLOCK_MONOTONIC seconds.
    """

    def __init__(
        self,
        cameras: Sequence[PreviewedCamera],
        graphics: Graphics = Graphics.BLOCKS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        decode = thumbnail if graphics is Graphics.BLOCKS else half_size
        self._seen = [
            _Seen(camera, MailboxReader(camera.mailbox), number, decode)
            for number, camera in enumerate(cameras, start=1)
        ]
        self._graphics = graphics
        self._now = now
        self.cell = (0, 0)
        """Width and height of a character in pixels, for sixels; 0 where the terminal keeps it."""

    @property
    def clearing(self) -> str:
        """What takes images away that text does not write over."""
        return without_kitty_images(len(self._seen)) if self._graphics is Graphics.KITTY else ""

    def draw(self, width: int, height: int) -> Painted | None:
        """What fits into that many columns and lines; None where these are too few to see much."""
        columns = width // len(self._seen) - 2 * _PADDING
        if height < _FEWEST_LINES or columns < 2 * _FEWEST_LINES:
            return None
        parts = [
            [[self._caption(seen, columns)], *self._picture(seen, columns, height - 1)]
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

    def _picture(self, seen: _Seen, most_columns: int, most_lines: int) -> list[list[Segment]]:
        if (pixels := seen.pixels) is None:
            return []
        columns, lines = cells_of(pixels, most_columns, most_lines)
        width, height = self.cell
        if self._graphics is Graphics.BLOCKS or (self._graphics is Graphics.SIXEL and not width):
            return half_blocks(pixels, columns, lines)
        if self._graphics is Graphics.KITTY:
            image = kitty(_no_larger(pixels, columns), seen.number, columns, lines)
        elif self._graphics is Graphics.ITERM2:
            image = iterm2(_no_larger(pixels, columns), columns, lines)
        else:
            image = sixel(_resized(pixels, columns * width, lines * height))
        return over_blank(image, columns, lines)


def _no_larger(pixels: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """As many pixels as the columns can show; the terminal stretches fewer."""
    height, width = pixels.shape[:2]
    wide = min(width, columns * _PIXELS_A_COLUMN)
    return _resized(pixels, wide, max(1, round(height * wide / width)))


def _resized(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    size = (width, height)
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _joined(parts: Sequence[Sequence[Segment]], columns: int) -> list[Segment]:
    """One line of several pictures, each in so many columns."""
    line: list[Segment] = []
    for part in parts:
        rest = columns - sum(segment.cell_length for segment in part)
        line += [Segment(" " * _PADDING), *part, Segment(" " * (rest + _PADDING))]
    return line
