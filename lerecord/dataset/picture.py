"""From a camera's image to what an encoder takes: decode, turn, count, convert; once a picture."""

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from lerecord.dataset.capture import Histogram
from lerecord.dataset.spec import CameraSpec
from lerecord.errors import ConfigError, DeviceError
from lerecord.frame import Image

_END_OF_JPEG = b"\xff\xd9"
_DECODE = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
_TURNS: dict[int, int | None] = {
    0: None,
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


class CorruptImageError(Exception):
    """An image's bytes are no whole JPEG."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture ready to be encoded.

    Attributes:
        frame: yuv420p, in the recorded size.
        histogram: of the picture before any coding.
    """

    frame: VideoFrame
    histogram: Histogram


class PictureMaker:
    """Makes the pictures of one camera.

    Args:
        camera: the size that is recorded.
        rotation: degrees clockwise by which every image is turned first.

    Raises:
        ConfigError: the rotation is not one of 0, 90, 180, 270.
    """

    def __init__(self, camera: CameraSpec, rotation: int = 0) -> None:
        if rotation not in _TURNS:
            raise ConfigError(
                f"Camera {camera.name} has a rotation of {rotation}; use 0, 90, 180 or 270."
            )
        self._camera = camera
        self._turn = _TURNS[rotation]
        self._to_yuv = VideoReformatter()  # kept, for it sets swscale up only once

    def make(self, image: Image) -> Picture:
        """Decode, turn, count and convert.

        Raises:
            CorruptImageError: the JPEG is torn or none.
            DeviceError: the image has another size than the dataset records.
        """
        pixels = decode(image.data) if isinstance(image.data, bytes) else image.data
        if self._turn is not None:
            pixels = cv2.rotate(pixels, self._turn).astype(np.uint8, copy=False)
        height, width = pixels.shape[:2]
        if (width, height) != (self._camera.width, self._camera.height):
            raise DeviceError(
                f"Camera {self._camera.name} gave an image of {width}x{height} where the dataset "
                f"records {self._camera.width}x{self._camera.height}; correct its size or "
                f"rotation in the hardware config."
            )
        pixels = np.ascontiguousarray(pixels)
        source = VideoFrame.from_numpy_buffer(pixels, format="bgr24")
        return Picture(self._to_yuv.reformat(source, format="yuv420p"), histogram_of(pixels))


def turned_back(pixels: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """A recorded picture as the camera saw it, before the rotation of its config."""
    turn = _TURNS[-rotation % 360]
    return pixels if turn is None else cv2.rotate(pixels, turn).astype(np.uint8, copy=False)


def decode(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a JPEG, (H, W, 3) uint8 BGR.

    Raises:
        CorruptImageError: it is torn or none.
    """
    # Some releases of OpenCV fill the missing part of a torn JPEG with grey and say nothing.
    if _END_OF_JPEG not in data[-4096:]:
        raise CorruptImageError("the JPEG has no end")
    pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), _DECODE)
    if pixels is None:
        raise CorruptImageError("the JPEG does not decode")
    return pixels.astype(np.uint8, copy=False)


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """The JPEG of a BGR picture, as a camera gives it."""
    return cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes()


def histogram_of(pixels: NDArray[np.uint8]) -> Histogram:
    """The histogram of a BGR picture; exact, as OpenCV's float32 counts are below 2**24 pixels."""
    counts = [cv2.calcHist([pixels], [channel], None, [256], [0, 256]) for channel in (2, 1, 0)]
    return np.stack(counts).reshape(3, 256).astype(np.int64)
