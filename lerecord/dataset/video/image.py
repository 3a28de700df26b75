"""From a camera's image to what an encoder takes: decode, turn, count, convert; once an image."""

from dataclasses import dataclass

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from numpy.typing import NDArray

from lerecord.dataset.format import CameraSpec, Histogram, is_blank
from lerecord.errors import ConfigError, DeviceError
from lerecord.frame import Image
from lerecord.jpeg import decode

LARGEST = 4
"""Times the recorded size: a header that says more is damaged, not another mode."""
# U and V of B, G, R and 1, as ITU-R BT.601-7 has them for 8 bits; OpenCV is fast with three rows.
_CHROMA = np.array(
    [[112.0, -74.203, -37.797, 128 * 255], [-18.214, -93.786, 112.0, 128 * 255], [0, 0, 0, 0]],
    dtype=np.float32,
) / np.float32(255)
_TURNS: dict[int, int | None] = {
    0: None,
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image ready to be encoded.

    Attributes:
        frame: yuv420p, in the recorded size.
        histogram: of the image before any coding.
        blank: it is of one shade.
    """

    frame: VideoFrame
    histogram: Histogram
    blank: bool


class PictureMaker:
    """Makes the images of one camera.

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

    def make(self, image: Image) -> Picture:
        """Decode, turn, count and convert.

        Raises:
            CorruptImageError: the JPEG is torn, damaged or none.
            DeviceError: the image has another size than the dataset records.
        """
        most = LARGEST * self._camera.width * self._camera.height
        pixels = decode(image.data, most) if isinstance(image.data, bytes) else image.data
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
        histogram = histogram_of(pixels)
        return Picture(yuv_of(pixels), histogram, is_blank(histogram))


_SMALL_WIDTH = 160


def small_luma(frame: VideoFrame) -> NDArray[np.uint8]:
    """(H, 160) brightness of an image, each pixel the mean of those that it stands for."""
    luma = _pixels_of(frame.planes[0])
    height = max(2, round(_SMALL_WIDTH * luma.shape[0] / luma.shape[1]))
    small = cv2.resize(luma, (_SMALL_WIDTH, height), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8, copy=False)


def turned_back(pixels: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """A recorded image as the camera saw it, before the rotation of its config."""
    turn = _TURNS[-rotation % 360]
    return pixels if turn is None else cv2.rotate(pixels, turn).astype(np.uint8, copy=False)


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """The JPEG of a BGR image, as a camera gives it."""
    return cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, 90))[1].tobytes()


def yuv_of(pixels: NDArray[np.uint8]) -> VideoFrame:
    """A BGR image with even sides as yuv420p: BT.601, limited range, chroma the mean of 2 x 2.

    OpenCV takes brightness exactly, but chroma from one pixel of four; so chroma comes from the
    image at half its size. Nearer to the exact values than swscale's, in less than half its time.
    """
    height, width = pixels.shape[:2]
    frame = VideoFrame(width, height, "yuv420p")
    luma, *chroma = (_pixels_of(plane) for plane in frame.planes)
    luma[:] = cv2.cvtColor(pixels, cv2.COLOR_BGR2YUV_I420)[:height]
    half = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    differences = cv2.transform(half, _CHROMA)
    for number, plane in enumerate(chroma):
        plane[:] = cv2.extractChannel(differences, number)
    return frame


def _pixels_of(plane: VideoPlane) -> NDArray[np.uint8]:
    """(H, W), to be written to; the rows of a plane may be longer than the image is wide."""
    memory: NDArray[np.uint8] = np.frombuffer(
        plane,  # type: ignore[call-overload]  # buffers have a type from Python 3.12 on
        np.uint8,
    )
    return memory.reshape(-1, plane.line_size)[: plane.height, : plane.width]


def histogram_of(pixels: NDArray[np.uint8]) -> Histogram:
    """The histogram of a BGR image; exact, as OpenCV's float32 counts are below 2**24 pixels."""
    counts = [cv2.calcHist([pixels], [channel], None, [256], [0, 256]) for channel in (2, 1, 0)]
    return np.stack(counts).reshape(3, 256).astype(np.int64)
