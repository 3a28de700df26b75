import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord import frame_stamp
from lerecord.frame_stamp import Stamp

STAMPS = st.builds(
    Stamp,
    st.integers(0, 2**24 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 4095),
)


def noisy(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=50)
@given(STAMPS, st.sampled_from([(160, 120), (320, 240), (640, 480), (1280, 720)]))
def test_what_is_drawn_is_read_through_jpeg(stamp: Stamp, size: tuple[int, int]) -> None:
    image = noisy(*size)
    frame_stamp.draw(image, stamp)
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])
    for flag in (cv2.IMREAD_COLOR, cv2.IMREAD_GRAYSCALE):
        decoded = cv2.imdecode(jpeg, flag)
        assert decoded is not None
        assert frame_stamp.read(decoded.astype(np.uint8)) == stamp


def test_an_image_without_a_strip_reads_as_none() -> None:
    assert frame_stamp.read(noisy(640, 480)) is None
    assert frame_stamp.read(np.zeros((480, 640, 3), dtype=np.uint8)) is None


@pytest.mark.parametrize("cell", range(4, 80))
def test_one_wrong_cell_is_noticed(cell: int) -> None:
    image = noisy(640, 480)
    frame_stamp.draw(image, Stamp(123456, 987654321, 2048))
    row, column = divmod(cell, frame_stamp.COLUMNS)
    block = image[row * 12 : row * 12 + 12, column * 16 : column * 16 + 16]
    block[:] = 255 - block
    assert frame_stamp.read(image) is None


def test_the_strip_leaves_the_rest_of_the_image_alone() -> None:
    image, before = noisy(640, 480), noisy(640, 480)
    frame_stamp.draw(image, Stamp(1, 2, 3))
    np.testing.assert_array_equal(
        image[frame_stamp.strip_height(480) :], before[frame_stamp.strip_height(480) :]
    )
