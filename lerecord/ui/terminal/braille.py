"""Curves and bars of a few lines of text: a character of Braille has two dots by four."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK = 0x2800
_BARS = " ▁▂▃▄▅▆▇█"

Curve = tuple[NDArray[np.float64], str]
"""The values (N,) of a line, NaN where there is none, and its style."""


def bounds(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """The least and the greatest value; None where there is no value at all."""
    known = np.concatenate([values[np.isfinite(values)] for values, _ in curves])
    return None if len(known) == 0 else (float(known.min()), float(known.max()))


def curves_of(curves: Sequence[Curve], columns: int, lines: int) -> Text:
    """Lines over each other; the first is drawn through, the others are dashed.

    Args:
        curves: the first one is on top.
        columns: of the text.
        lines: likewise.
    """
    low, high = bounds(curves) or (0.0, 1.0)
    cells = np.zeros((lines, columns), int)
    styles = np.full((lines, columns), "", object)
    for place, (values, style) in reversed([*enumerate(curves)]):
        dots = _dots(values, (low, high), 2 * columns, 4 * lines)
        if place:
            dots[:, 2::4] = dots[:, 3::4] = False
        blocks = dots.reshape(lines, 4, columns, 2).transpose(0, 2, 1, 3)
        own = (blocks * _DOTS).sum((2, 3))
        cells |= own
        styles[own > 0] = style
    return Text("\n").join(_line(*each) for each in zip(cells, styles, strict=True))


def bars_of(values: NDArray[np.float64], most: float, columns: int) -> Text:
    """A bar for each part of the values (N,), as high as its greatest; `most` fills the line."""
    highest = [0.0 if len(part) == 0 else float(part.max()) for part in _parts(values, columns)]
    full = len(_BARS) - 1
    return Text("".join(_BARS[min(full, max(1, round(full * each / most)))] for each in highest))


def _dots(
    values: NDArray[np.float64], ends: tuple[float, float], width: int, height: int
) -> NDArray[np.bool_]:
    """(height, width), True where the line goes: in each column from its lowest to its highest."""
    low, span = ends[0], (ends[1] - ends[0]) or 1.0
    dots = np.zeros((height, width), bool)
    before: int | None = None
    for column, part in enumerate(_parts(values, width)):
        if len(part) == 0:
            before = None
            continue
        rows = np.round((1 - (part - low) / span) * (height - 1)).astype(int)
        top, bottom = int(rows.min()), int(rows.max())
        if before is not None:  # joined to the column before
            top, bottom = min(top, before + 1), max(bottom, before - 1)
        dots[top : bottom + 1, column] = True
        before = int(rows[-1])
    return dots


def _parts(values: NDArray[np.float64], count: int) -> Iterator[NDArray[np.float64]]:
    """What is known of each of so many parts, which repeat values where these are fewer."""
    edges = np.arange(count + 1) * len(values) // count
    for start, end in pairwise(edges.tolist()):
        part = values[start : max(end, start + 1)]
        yield part[np.isfinite(part)]


def _line(codes: NDArray[np.int_], styles: NDArray[np.object_]) -> Text:
    cells = zip((_BLANK + codes).tolist(), styles.tolist(), strict=True)
    runs = groupby(cells, key=lambda cell: cell[1])
    return Text.assemble(*(("".join(chr(code) for code, _ in run), style) for style, run in runs))
