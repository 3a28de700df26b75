from collections.abc import Iterator
from contextlib import closing

import cv2
import numpy as np
import pytest
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment

from lerecord.processes import ImageMailbox, MailboxWriter
from lerecord.ui.snapshot import PreviewedCamera
from lerecord.ui.terminal.graphics import Graphics
from lerecord.ui.terminal.half_blocks import cells_of, half_blocks
from lerecord.ui.terminal.preview import Preview

RED, GREEN, BLUE, GREY = (248, 0, 0), (0, 248, 0), (0, 0, 248), (128, 128, 128)
Cell = tuple[tuple[int, ...], tuple[int, ...]]


def quarters() -> np.ndarray:
    """Red and green above blue and grey, 4 x 4 pixels, BGR."""
    rgb = np.array([[RED, GREEN], [BLUE, GREY]], dtype=np.uint8)
    return np.ascontiguousarray(rgb.repeat(2, axis=0).repeat(2, axis=1)[..., ::-1])


def cells(line: list[Segment]) -> list[Cell]:
    """Colours above and below of each half block of a line."""

    def triplet(color: object) -> tuple[int, ...]:
        found = getattr(color, "triplet", None)
        assert isinstance(found, ColorTriplet)
        return tuple(found)

    return [
        (triplet(style.color), triplet(style.bgcolor))
        for text, style, _ in line
        for character in text
        if character == "▀" and style is not None
    ]


def test_a_half_block_has_the_colours_of_two_pixels() -> None:
    upper, lower = half_blocks(quarters(), 4, 2)
    assert cells(upper) == [(RED, RED)] * 2 + [(GREEN, GREEN)] * 2
    assert cells(lower) == [(BLUE, BLUE)] * 2 + [(GREY, GREY)] * 2
    (line,) = half_blocks(quarters(), 2, 1)
    assert cells(line) == [(RED, BLUE), (GREEN, GREY)]


@pytest.mark.parametrize(
    ("columns", "lines", "shown"), [(40, 99, (40, 15)), (99, 9, (24, 9)), (20, 9, (20, 8))]
)
def test_a_picture_keeps_its_shape(columns: int, lines: int, shown: tuple[int, int]) -> None:
    pixels = np.zeros((60, 80, 3), dtype=np.uint8)
    assert cells_of(pixels, columns, lines) == shown
    found = half_blocks(pixels, *shown)
    assert (len(plain(found[0])), len(found)) == shown


class Cameras:
    """Mailboxes of two cameras; the second is mounted a quarter turn round."""

    def __init__(self, graphics: Graphics = Graphics.BLOCKS) -> None:
        self.now = 100.0
        self.mailboxes = [ImageMailbox(100_000) for _ in range(2)]
        self.writers = [MailboxWriter(each.fileno()) for each in self.mailboxes]
        front, wrist = (each.fileno() for each in self.mailboxes)
        cameras = (PreviewedCamera("front", 0, front), PreviewedCamera("wrist", 90, wrist))
        self.preview = Preview(cameras, graphics, lambda: self.now)

    def put(self, camera: int, jpeg: bytes) -> None:
        assert self.writers[camera].put(jpeg, self.now, 0)

    def shown(self, width: int, height: int) -> list[list[Segment]]:
        part = self.preview.draw(width, height)
        assert part is not None
        lines = Console(width=width).render_lines(part, pad=False)
        assert {len(plain(line)) for line in lines} == {width}
        return lines

    def close(self) -> None:
        for writer in self.writers:
            writer.close()
        for mailbox in self.mailboxes:
            mailbox.close()


@pytest.fixture
def cameras() -> Iterator[Cameras]:
    with closing(Cameras()) as made:
        yield made


def jpeg() -> bytes:
    large = quarters().repeat(40, axis=0).repeat(40, axis=1)
    return cv2.imencode(".jpg", large, (cv2.IMWRITE_JPEG_QUALITY, 100))[1].tobytes()


def plain(line: list[Segment]) -> str:
    return "".join(text for text, _, control in line if not control)


def near(cell: Cell, *colours: tuple[int, int, int]) -> bool:
    return bool(np.abs(np.array(cell) - np.array(colours)).max() <= 8)


def test_each_camera_is_shown_as_it_is_recorded(cameras: Cameras) -> None:
    for camera in range(2):
        cameras.put(camera, jpeg())
    caption, *lines = cameras.shown(44, 11)
    assert plain(caption).split() == ["front", "wrist"]
    assert len(lines) == 10
    for line, (left, right, turned_left, turned_right) in (
        (lines[0], (RED, GREEN, BLUE, RED)),
        (lines[-1], (BLUE, GREY, GREY, GREEN)),
    ):
        blocks = cells(line)
        assert len(blocks) == 40
        assert near(blocks[0], left, left)
        assert near(blocks[19], right, right)
        assert near(blocks[20], turned_left, turned_left)
        assert near(blocks[39], turned_right, turned_right)


def test_an_image_that_is_old_missing_or_damaged_is_no_new_one(cameras: Cameras) -> None:
    cameras.put(0, jpeg())
    assert plain(cameras.shown(60, 11)[0]).split("  ")[0].strip() == "front"
    assert "wrist: no image yet" in plain(cameras.shown(60, 11)[0])
    cameras.now += 3
    cameras.put(0, jpeg()[:-100])
    caption, *lines = cameras.shown(60, 11)
    assert "front: 3 s old" in plain(caption)
    assert near(cells(lines[0])[0], RED, RED)


@pytest.mark.parametrize(("width", "height"), [(80, 4), (20, 30)])
def test_it_folds_away_where_there_is_no_room(cameras: Cameras, width: int, height: int) -> None:
    assert cameras.preview.draw(width, height) is None


@pytest.mark.parametrize(
    ("graphics", "starts"),
    [
        (Graphics.KITTY, "\x1b_Ga=T,"),
        (Graphics.ITERM2, "\x1b]1337;File="),
        (Graphics.SIXEL, "\x1bP0;1;0q"),
    ],
)
def test_a_terminal_that_shows_images_gets_them_over_blank_lines(
    graphics: Graphics, starts: str
) -> None:
    with closing(Cameras(graphics)) as cameras:
        cameras.preview.cell = (8, 16)
        for camera in range(2):
            cameras.put(camera, jpeg())
        caption, *lines = cameras.shown(44, 11)  # every line is as wide as without them
        assert plain(caption).split() == ["front", "wrist"]
        assert len(lines) == 10
        images = [text for line in lines for text, _, control in line if control]
        assert len(images) == 2
        for image in images:
            assert image.startswith(f"\x1b7\x1b[9A\x1b[20D{starts}")
            assert image.endswith("\x1b8")
        assert all(not text.strip() for line in lines for text, _, control in line if not control)
        assert ("a=d,d=I,q=2,i=2" in cameras.preview.clearing) == (graphics is Graphics.KITTY)


def test_sixels_need_to_know_how_large_a_character_is() -> None:
    with closing(Cameras(Graphics.SIXEL)) as cameras:
        cameras.put(0, jpeg())
        assert all(not control for line in cameras.shown(44, 11) for _, _, control in line)
        assert cells(cameras.shown(44, 11)[1])
