import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.jpeg import CorruptImageError, decode, size_of, thumbnail, trimmed


def jpeg(width: int = 64, height: int = 48, *options: int) -> bytes:
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 4 % 256, y * 5 % 256, (x * y) % 256], axis=-1).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", pixels, options)[1])


def announcing(width: int, height: int) -> bytes:
    """A JPEG whose header says another size than its image has."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(data)


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
@pytest.mark.parametrize(("width", "height"), [(64, 48), (1920, 1080), (9, 7)])
def test_the_header_says_the_size(width: int, height: int, options: tuple[int, ...]) -> None:
    data = jpeg(width, height, *options)
    assert size_of(data) == (width, height)
    assert decode(data).shape == (height, width, 3)


def test_a_thumbnail_is_an_eighth_of_the_picture_in_its_colours() -> None:
    pixels = np.full((480, 640, 3), (200, 100, 30), dtype=np.uint8)
    small = thumbnail(cv2.imencode(".jpg", pixels)[1].tobytes())
    assert small.shape == (60, 80, 3)
    assert np.abs(small.astype(int) - (200, 100, 30)).max() <= 3


def test_a_thumbnail_of_a_torn_picture_is_refused() -> None:
    with pytest.raises(CorruptImageError, match="has no end"):
        thumbnail(jpeg()[:-20])


def test_segments_and_fill_bytes_before_the_size_are_passed_over() -> None:
    data = jpeg()
    extra = b"\xff\xe1\x00\x08\xff\xc0\xff\xd9\x00\x01" + b"\xff\xff\xfe\x00\x04no"
    assert size_of(data[:2] + extra + data[2:]) == (64, 48)


@pytest.mark.parametrize(("width", "height"), [(65500, 65500), (65535, 8), (64, 49), (0, 48)])
def test_a_size_beyond_what_is_due_is_never_decoded(width: int, height: int) -> None:
    with pytest.raises(CorruptImageError, match=f"{width}x{height}|says no size"):
        decode(announcing(width, height), most_pixels=64 * 48)


@given(st.binary(max_size=40), st.integers(0, 400))
def test_any_header_is_a_size_or_corrupt(junk: bytes, at: int) -> None:
    data = jpeg()
    for damaged in (data[:at], data[:at] + junk, data[:at] + junk + data[at + len(junk) :]):
        try:
            width, height = size_of(damaged)
        except CorruptImageError:
            continue
        assert 0 < width <= 65535
        assert 0 < height <= 65535


@given(
    st.integers(0, 20000).map(bytes) | st.binary(max_size=50).filter(lambda b: b"\xff\xd9" not in b)
)
def test_padding_is_stripped_whatever_its_length(tail: bytes) -> None:
    data = jpeg()
    assert trimmed(data + tail) == data
    assert np.array_equal(decode(data + tail), decode(data))


def photo(seed: int = 0, *options: int) -> bytes:
    """A JPEG with some kilobytes of coded pixels."""
    noise = np.random.default_rng(seed).integers(0, 90, (120, 160, 3)).astype(np.uint8)
    x = np.arange(160)
    return bytes(cv2.imencode(".jpg", noise + (x[:, None] % 120).astype(np.uint8), options)[1])


RESTARTS = (cv2.IMWRITE_JPEG_RST_INTERVAL, 5)
DAMAGES = {
    "garbled": lambda data: data[:2000] + b"\x55\xaa\x33" * 40 + data[2120:],
    "zeroed": lambda data: data[:2000] + bytes(300) + data[2300:],
    "a piece is missing": lambda data: data[:3000] + data[3400:],
    "a piece comes twice": lambda data: data[:3000] + data[2500:],
    "the second half is missing": lambda data: data[: len(data) // 2] + data[-2:],
    "the second half is zeros": lambda data: data[: len(data) // 2] + bytes(3000) + data[-2:],
    "it ends in another image": lambda data: data[:3000] + photo(1)[2000:],
    "cut, and padded": lambda data: data[: len(data) // 2] + bytes(5000),
    "cut": lambda data: data[: len(data) // 2],
}


@pytest.mark.parametrize("options", [(), RESTARTS, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_jpeg_that_is_broken_inside_is_corrupt(
    damage: str, options: tuple[int, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CorruptImageError):
        decode(DAMAGES[damage](photo(0, *options)))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("options", [(), RESTARTS, (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
@pytest.mark.parametrize("padding", [b"", bytes(2), bytes(7), b"\xff" * 5])
def test_a_few_bytes_too_many_before_the_end_are_padding(
    padding: bytes, options: tuple[int, ...]
) -> None:
    data = photo(0, *options)
    assert np.array_equal(decode(data[:-2] + padding + data[-2:]), decode(data))


def test_what_has_no_end_is_not_trimmed() -> None:
    assert trimmed(jpeg()[:-2]) == jpeg()[:-2]
    assert trimmed(b"") == b""
