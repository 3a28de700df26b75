"""An address as a QR code: what a camera reads of it is the address."""

import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("segno", reason="the extra `web` is not installed")

from lerecord.ui.web import code_image, code_lines, code_size

ADDRESS = "http://192.168.178.100:48741/#token=abcdefghijklmnopqrstuv"
_HALVES = {" ": (255, 255), "▀": (0, 255), "▄": (255, 0), "█": (0, 0)}


def test_a_camera_reads_the_lines_of_a_terminal() -> None:
    lines = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in code_lines(ADDRESS)]
    assert code_size(ADDRESS) == (len(lines[0]), len(lines)) == (37, 19)
    cells = np.array([[_HALVES[each] for each in line] for line in lines], np.uint8)
    image = cells.transpose(0, 2, 1).reshape(-1, 37)
    large = cv2.copyMakeBorder(
        np.kron(image, np.ones((8, 8), np.uint8)), 32, 32, 32, 32, cv2.BORDER_CONSTANT, value=(255,)
    )
    assert cv2.QRCodeDetector().detectAndDecode(large)[0] == ADDRESS


def test_each_line_has_its_own_colours_and_takes_them_back() -> None:
    for line in code_lines(ADDRESS):
        assert line.startswith("\x1b[38;5;16;48;5;231m")
        assert line.endswith("\x1b[0m")


def test_the_image_says_nothing_but_its_modules() -> None:
    image = code_image(ADDRESS).decode()
    assert image.startswith("<svg ")
    assert "token" not in image
    assert "script" not in image


def test_nothing_of_it_is_loaded_for_a_page_of_this_machine_alone() -> None:
    script = "import sys, lerecord.ui.station.app; sys.exit('segno' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
