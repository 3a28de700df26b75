"""The protocol of a camera driver."""

from dataclasses import dataclass
from typing import Protocol

from lerecord.frame import Image


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """What a driver is asked to deliver: width and height in pixels, before any rotation."""

    name: str
    device: str
    width: int
    height: int
    fps: int
    fourcc: str


class Camera(Protocol):
    """A driver; it runs in a process of its own, and only there may it block.

    A driver module defines a class `Camera` that is constructed with CameraSettings.
    """

    def open(self) -> None:
        """Open the device as the settings ask.

        Raises:
            DeviceError: it does not open, or gives another size or format than asked.
        """
        ...

    def read(self) -> Image:
        """Wait for the next image; its sequence counts from 0 at open.

        Raises:
            DeviceError: the camera is gone or no longer delivers images.
        """
        ...

    def close(self) -> None:
        """Let go of the device; may be called twice, and before open."""
        ...
