"""Images that decode: what some cameras give when they start is torn."""

import numpy as np
from numpy.typing import NDArray

from lerecord.cameras import Camera, CameraSettings
from lerecord.dataset.video import LARGEST
from lerecord.errors import DeviceError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError, decode

_TORN_AT_START = 10


def first_whole(camera: Camera, settings: CameraSettings) -> Image:
    """The camera's first image that decodes.

    Raises:
        DeviceError: none of the first decodes, or they are not of the size of the config.
    """
    reason: CorruptImageError | None = None
    for _ in range(_TORN_AT_START):
        image = camera.read()
        try:
            height, width = pixels_of(image, settings).shape[:2]
        except CorruptImageError as error:
            reason = error
            continue
        if (width, height) != (settings.width, settings.height):
            raise DeviceError(
                f"Camera {settings.name} gives {width}x{height} images, not the "
                f"{settings.width}x{settings.height} of the config; change one of them."
            )
        return image
    raise DeviceError(
        f"None of the first {_TORN_AT_START} images of camera {settings.name} can be decoded "
        f"({reason}): check its cable, and its size and fourcc in the hardware config."
    )


def pixels_of(image: Image, settings: CameraSettings) -> NDArray[np.uint8]:
    """Height x width x 3, decoded where the camera gave JPEG.

    Raises:
        CorruptImageError: it does not decode.
    """
    if not isinstance(image.data, bytes):
        return image.data
    return decode(image.data, LARGEST * settings.width * settings.height)
