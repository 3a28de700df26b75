"""A recorded MJPEG file, played over and over at the camera's rate; no camera is needed."""

import time
from collections.abc import Callable
from pathlib import Path

import av
import av.error

from lerecord.cameras.protocols import CameraSettings
from lerecord.errors import DeviceError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError, size_of, trimmed

_HEAD_BYTES = 1 << 16


class Camera:
    """The images of the file `device`, held in memory; see CameraSettings for size and rate."""

    def __init__(
        self,
        settings: CameraSettings,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._pictures: list[bytes] = []
        self._first_due = 0.0
        self._sequence = 0

    def open(self) -> None:
        """Read the file and compare its first image with the size that was asked for."""
        settings = self._settings
        try:
            self._check_size()
            with av.open(settings.device, format="mjpeg") as container:
                packets = container.demux(video=0)
                pictures = [trimmed(bytes(packet)) for packet in packets if packet.size]
        except (av.error.FFmpegError, OSError) as error:
            raise DeviceError(
                f"Camera {settings.name} cannot play {settings.device} ({error}); "
                f"check that it is an MJPEG file."
            ) from error
        if not pictures:
            raise DeviceError(
                f"Camera {settings.name} found no image in {settings.device}; give another file."
            )
        self._pictures = pictures
        self._first_due = self._now()
        self._sequence = 0

    def read(self) -> Image:
        """Wait for the next image's time; one whose time is over is skipped, as a camera does."""
        if not self._pictures:
            raise DeviceError(f"Camera {self._settings.name} is not open.")
        period_s = 1.0 / self._settings.fps
        over = int((self._now() - self._first_due) / period_s)
        self._sequence = sequence = max(self._sequence, over)
        due = self._first_due + sequence * period_s
        if (ahead := due - self._now()) > 0:
            self._sleep(ahead)
        self._sequence += 1
        return Image(self._pictures[sequence % len(self._pictures)], self._now(), sequence)

    def _check_size(self) -> None:
        """Before FFmpeg sees the file: it makes room for as many pixels as a header announces."""
        settings = self._settings
        with Path(settings.device).open("rb") as file:
            head = file.read(_HEAD_BYTES)
        try:
            width, height = size_of(head)
        except CorruptImageError as error:
            raise DeviceError(
                f"Camera {settings.name} finds no JPEG at the beginning of {settings.device} "
                f"({error}); check that it is an MJPEG file."
            ) from error
        if (width, height) != (settings.width, settings.height):
            raise DeviceError(
                f"Camera {settings.name} plays {width}x{height} images from {settings.device}, "
                f"not the {settings.width}x{settings.height} of the config; change one of them."
            )

    def close(self) -> None:
        """Forget the images."""
        self._pictures = []
