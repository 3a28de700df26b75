"""USB cameras through V4L2 and network cameras through MJPEG over HTTP, by OpenCV.

The camera's own JPEG bytes are handed on, undecoded: CAP_PROP_CONVERT_RGB off for V4L2,
CAP_PROP_FORMAT -1 for FFmpeg. Give USB cameras by a stable path (/dev/v4l/by-id/...).
"""

import math
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.cameras.protocols import CameraSettings
from lerecord.errors import DeviceError
from lerecord.frame import Image
from lerecord.jpeg import trimmed
from lerecord.secrets import without_secrets

_JPEG_START = b"\xff\xd8"
_OPEN_TIMEOUT_MS = 3000
_READ_TIMEOUT_MS = 2000
_ADVICE = (
    "that it answers there, that the password it may ask for is in the hardware config (a dataset "
    "keeps none)"
)


class Camera:
    """One cv2.VideoCapture; see CameraSettings for what it is asked to deliver."""

    def __init__(self, settings: CameraSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._capture: cv2.VideoCapture | None = None
        self._sequence = 0

    def open(self) -> None:
        """Open the device and compare what it delivers with what was asked."""
        network = "://" in self._settings.device
        capture = self._open_stream() if network else self._open_v4l2()
        if not capture.isOpened():
            advice = _ADVICE if network else "that it is plugged in, that no other program uses it"
            raise DeviceError(
                f"Camera {self._settings.name} does not open at {self._place}; "
                f"check {advice}, and its device."
            )
        self._capture = capture
        self._sequence = 0
        try:
            self._check(capture)
        except DeviceError:
            self.close()
            raise

    def read(self) -> Image:
        """Wait for the next image: JPEG bytes as they came, stamped when they were there."""
        capture = self._capture
        if capture is None or not capture.grab():
            raise DeviceError(
                f"Camera {self._settings.name} at {self._place} no longer "
                f"delivers images; check its cable."
            )
        captured_at = self._now()
        ok, pixels = capture.retrieve()
        if not ok or pixels is None:
            raise DeviceError(
                f"Camera {self._settings.name} gave an image that cannot be fetched; "
                f"check its cable."
            )
        data = _as_delivered(pixels.astype(np.uint8, copy=False))
        if not isinstance(data, bytes) and data.shape[2:] != (3,):
            raise DeviceError(
                f"Camera {self._settings.name} gives images that are neither JPEG nor colour "
                f"pixels; set its fourcc to one of those that `v4l2-ctl --list-formats-ext` lists."
            )
        image = Image(data, captured_at, self._sequence)
        self._sequence += 1
        return image

    def close(self) -> None:
        """Let go of the device."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    @property
    def _place(self) -> str:
        """The device as it may be told: the password of a network camera is nobody's business."""
        return without_secrets(self._settings.device)

    def _open_stream(self) -> cv2.VideoCapture:
        return cv2.VideoCapture(
            self._settings.device,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS),
                *(cv2.CAP_PROP_FORMAT, -1),
            ],
        )

    def _open_v4l2(self) -> cv2.VideoCapture:
        settings = self._settings
        # OpenCV knows V4L2 devices as /dev/videoN; a by-id path is a link to one.
        device = str(Path(settings.device).resolve()) if "/" in settings.device else settings.device
        capture = cv2.VideoCapture(int(device) if device.isdigit() else device, cv2.CAP_V4L2)
        # The format comes first: with raw YUYV the bus carries a fraction of the rate.
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*settings.fourcc))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 2)
        if settings.fourcc == "MJPG":
            capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        return capture

    def _check(self, capture: cv2.VideoCapture) -> None:
        """Refuse a device that answers with other settings than it was given.

        What it cannot tell is not compared: the first image shows its size and format, and the
        rate is measured while it records.
        """
        settings = self._settings
        width = _told(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = _told(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if None not in (width, height) and (width, height) != (settings.width, settings.height):
            raise DeviceError(
                f"Camera {settings.name} gives {width}x{height} images, not the "
                f"{settings.width}x{settings.height} of the config; change one of them."
            )
        if capture.getBackendName() != "V4L2":
            return
        fourcc = _fourcc(capture.get(cv2.CAP_PROP_FOURCC)) or settings.fourcc
        fps = _told(capture.get(cv2.CAP_PROP_FPS)) or settings.fps
        if (fourcc, fps) != (settings.fourcc, settings.fps):
            raise DeviceError(
                f"Camera {settings.name} gives {fourcc} at {fps} fps, not {settings.fourcc} at "
                f"{settings.fps}; `v4l2-ctl --list-formats-ext` lists what it can do."
            )


def _told(value: float) -> int | None:
    """A property to the nearest whole; None where a driver that cannot tell says -1, 0 or nan."""
    return round(value) if math.isfinite(value) and value > 0.5 else None


def _fourcc(value: float) -> str | None:
    """The format that a property names; None when it names none."""
    code = _told(value)
    if code is None or code >= 1 << 32:
        return None
    letters = code.to_bytes(4, "little")
    return letters.decode("ascii") if all(32 <= letter < 127 for letter in letters) else None


def _as_delivered(pixels: NDArray[np.uint8]) -> bytes | NDArray[np.uint8]:
    """JPEG bytes when the driver handed them over undecoded, without padding; else the pixels."""
    head = pixels.reshape(-1)[:2].tobytes()
    undecoded = pixels.ndim < 3 or pixels.shape[0] == 1
    return trimmed(pixels.tobytes()) if undecoded and head == _JPEG_START else pixels
