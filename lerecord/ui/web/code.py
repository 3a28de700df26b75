"""An address as a QR code: for a terminal, and as an image for a page."""

import io
from collections.abc import Iterator

import segno

_QUIET = 2  # light modules around it; the standard asks for 4, and terminals are small
_BLACK_ON_WHITE, _BACK = "\x1b[38;5;16;48;5;231m", "\x1b[0m"  # whatever the terminal's colours
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def code_lines(address: str) -> list[str]:
    """Lines of half blocks that a terminal with 256 colours shows as the code."""
    return [f"{_BLACK_ON_WHITE}{line}{_BACK}" for line in _half_blocks(address)]


def code_size(address: str) -> tuple[int, int]:
    """Columns and lines that `code_lines` takes."""
    lines = [*_half_blocks(address)]
    return len(lines[0]), len(lines)


def code_image(address: str) -> bytes:
    """The code as an SVG."""
    image = io.BytesIO()
    _code(address).save(image, "svg", scale=8, light="#fff", xmldecl=False, nl=False)
    return image.getvalue()


def _half_blocks(address: str) -> Iterator[str]:
    rows = [tuple(row) for row in _code(address).matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append((0,) * len(rows[0]))
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        yield "".join(
            _HALVES[bool(top), bool(bottom)] for top, bottom in zip(upper, lower, strict=True)
        )


def _code(address: str) -> segno.QRCode:
    return segno.make_qr(address, error="l", boost_error=False)
