import re
import shutil
import subprocess
import zlib
from base64 import b64decode
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.ui.terminal.image_codes import iterm2, kitty, sixel

Pixels = NDArray[np.uint8]


def picture(width: int = 50, height: int = 31) -> Pixels:
    """Colours in both directions, BGR; its height is no multiple of six."""
    across, down = np.linspace(0, 255, width), np.linspace(0, 255, height)
    red, green = np.broadcast_to(across, (height, width)), across[::-1] * np.ones((height, 1))
    return np.stack([down[:, None] * np.ones(width), green, red], axis=-1).astype(np.uint8)


def test_kitty_gets_the_pixels_in_small_commands() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    sent = kitty(pixels, 2, 40, 15)
    commands = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", sent)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in commands) == sent
    assert len(commands) == 5
    assert all(len(data) <= 4096 for _, data in commands)
    first, *later = (dict(pair.split("=") for pair in keys.split(",")) for keys, _ in commands)
    assert first == {
        "a": "T",
        "f": "24",
        "o": "z",
        "i": "2",
        "p": "1",
        "s": "80",
        "v": "60",
        "c": "40",
        "r": "15",
        "C": "1",
        "q": "2",
        "m": "1",
    }  # q=2: the terminal answers nothing
    assert [each["m"] for each in later] == ["1", "1", "1", "0"]
    rgb = zlib.decompress(b64decode("".join(data for _, data in commands)))
    assert np.array_equal(np.frombuffer(rgb, np.uint8).reshape(60, 80, 3), pixels[..., ::-1])


def test_iterm2_gets_a_jpeg_of_so_many_cells() -> None:
    pixels = picture(80, 60)
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", iterm2(pixels, 40, 15))
    assert found is not None
    jpeg = b64decode(found[2])
    assert dict(pair.split("=") for pair in found[1].split(";")) == {
        "inline": "1",
        "size": str(len(jpeg)),
        "width": "40",
        "height": "15",
        "preserveAspectRatio": "0",
    }
    shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert np.abs(shown.astype(int) - pixels).mean() < 4


def decoded(sent: str) -> Pixels:
    """The pixels of sixels, as the format has them."""
    found = re.fullmatch(r'\x1bP0;1;0q"1;1;(\d+);(\d+)((?:#\d+;2;\d+;\d+;\d+)*)(.*)\x1b\\', sent)
    assert found is not None
    width, height = int(found[1]), int(found[2])
    palette = {
        int(number): [round(int(share) * 2.55) for share in (blue, green, red)]
        for number, red, green, blue in re.findall(r"#(\d+);2;(\d+);(\d+);(\d+)", found[3])
    }
    pixels = np.zeros((-(-height // 6) * 6, width, 3), dtype=np.uint8)
    painted = np.zeros(pixels.shape[:2], dtype=int)
    for band, rows in enumerate(found[4].split("-")):
        for row in rows.split("$"):
            colour = re.match(r"#(\d+)", row)
            assert colour is not None
            column = 0
            for count, sign in re.findall(r"(?:!(\d+))?([?-~])", row[colour.end() :]):
                for line in (each for each in range(6) if ord(sign) - 63 >> each & 1):
                    span = slice(column, column + int(count or 1))
                    pixels[6 * band + line, span] = palette[int(colour[1])]
                    painted[6 * band + line, span] += 1
                column += int(count or 1)
            assert column <= width
    assert (painted[:height] == 1).all()
    assert (painted[height:] == 0).all()
    return pixels[:height]


@pytest.mark.parametrize("size", [(50, 31), (7, 6), (1, 1), (300, 13)])
def test_sixels_show_every_pixel_once_in_the_nearest_of_their_colours(
    size: tuple[int, int],
) -> None:
    pixels = picture(*size)
    assert np.abs(decoded(sixel(pixels)).astype(int) - pixels).max() <= 26


@pytest.mark.skipif(shutil.which("sixel2png") is None, reason="libsixel is not installed")
def test_libsixel_reads_the_sixels_as_they_were_meant(tmp_path: Path) -> None:
    pixels = picture()
    (tmp_path / "image.six").write_text(sixel(pixels), encoding="ascii")
    run = ["sixel2png", "-i", str(tmp_path / "image.six"), "-o", str(tmp_path / "image.png")]
    subprocess.run(run, check=True)
    shown = cv2.imread(str(tmp_path / "image.png"))
    assert shown is not None
    assert np.array_equal(shown, decoded(sixel(pixels)))
