import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from lerecord.dataset.format import CameraSpec
from lerecord.dataset.video import PictureMaker, histogram_of, turned_back, yuv_of
from lerecord.errors import ConfigError, DeviceError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError, decode

WIDE = CameraSpec("front", 64, 48)
TALL = CameraSpec("front", 48, 64)


def scene() -> NDArray[np.uint8]:
    y, x = np.mgrid[:48, :64]
    return np.stack([x * 4, y * 5, 255 - x * 2 - y], axis=-1).astype(np.uint8)


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 98])[1])


@settings(deadline=None)
@given(npst.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))))
def test_the_histogram_counts_every_pixel_in_rgb(pixels: NDArray[np.uint8]) -> None:
    due = [np.bincount(pixels[..., bgr].ravel(), minlength=256) for bgr in (2, 1, 0)]
    found = histogram_of(pixels)
    assert found.dtype == np.int64
    assert np.array_equal(found, due)


def exact_yuv(pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Y, U and V by the definition of BT.601, limited range, chroma the mean of 2 x 2."""
    height, width = pixels.shape[:2]
    blue, green, red = np.moveaxis(pixels.astype(np.float64) / 255, -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    differences = (224 * (blue - luma) / 1.772, 224 * (red - luma) / 1.402)
    means = (each.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)) for each in differences)
    return [16 + 219 * luma, *(128 + each for each in means)]


@settings(deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
        lambda half: npst.arrays(np.uint8, (2 * half[0], 2 * half[1], 3))
    )
)
def test_conversion_is_exact_but_for_rounding(pixels: NDArray[np.uint8]) -> None:
    height, width = pixels.shape[:2]
    frame = yuv_of(pixels)
    assert (frame.format.name, frame.width, frame.height) == ("yuv420p", width, height)
    flat = frame.to_ndarray().reshape(-1).astype(np.float64)
    found = np.split(flat, [height * width, height * width * 5 // 4])
    for plane, due, rounding in zip(found, exact_yuv(pixels), (0.6, 1.1, 1.1), strict=True):
        assert np.abs(plane.reshape(due.shape) - due).max() <= rounding


def test_a_jpeg_and_its_pixels_make_the_same_picture() -> None:
    maker = PictureMaker(WIDE)
    data = jpeg(scene())
    from_jpeg = maker.make(Image(data, 0.0, 0))
    from_pixels = maker.make(Image(decode(data), 0.0, 0))
    assert np.array_equal(from_jpeg.frame.to_ndarray(), from_pixels.frame.to_ndarray())
    assert np.array_equal(from_jpeg.histogram, from_pixels.histogram)


def test_a_picture_is_yuv420p_and_looks_the_same() -> None:
    picture = PictureMaker(WIDE).make(Image(scene(), 0.0, 0))
    assert (picture.frame.format.name, picture.frame.width, picture.frame.height) == (
        "yuv420p",
        64,
        48,
    )
    back = picture.frame.to_ndarray(format="bgr24")
    assert np.abs(back.astype(int) - scene()).mean() < 3


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_an_image_is_turned_clockwise_and_can_be_turned_back(rotation: int) -> None:
    camera = TALL if rotation % 180 else WIDE
    picture = PictureMaker(camera, rotation).make(Image(scene(), 0.0, 0))
    turned = np.rot90(scene(), -rotation // 90)
    back = picture.frame.to_ndarray(format="bgr24").astype(np.uint8)
    assert np.abs(back.astype(int) - turned).mean() < 3
    assert np.array_equal(turned_back(np.ascontiguousarray(turned), rotation), scene())


def test_another_size_is_refused() -> None:
    with pytest.raises(DeviceError, match="gave an image of 64x48 where the dataset records 48x64"):
        PictureMaker(TALL).make(Image(scene(), 0.0, 0))


def test_another_rotation_is_refused() -> None:
    with pytest.raises(ConfigError, match="rotation of 45; use 0, 90, 180 or 270"):
        PictureMaker(WIDE, 45)


@pytest.mark.parametrize("data", [b"", b"no jpeg", jpeg(scene())[:700], jpeg(scene())[:-2]])
def test_a_torn_jpeg_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptImageError):
        PictureMaker(WIDE).make(Image(data, 0.0, 0))


def test_a_jpeg_padded_by_its_camera_is_whole() -> None:
    assert decode(jpeg(scene()) + bytes(300)).shape == (48, 64, 3)
