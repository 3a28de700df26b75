"""What cameras really give, all of them at once, as they share the computer's USB buses."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lerecord import drivers
from lerecord.bringup.finding import Finding
from lerecord.cameras import Camera, CameraSettings
from lerecord.config import CameraConfig
from lerecord.errors import LerecordError
from lerecord.frame import Image
from lerecord.jpeg import decode

_WATCHED_S = 2.0
_SETTLING = 5  # images of a camera that has just been opened come late
_LEAST_SHARE = 0.9
_DARK = 12.0  # mean of 255


def examined_cameras(cameras: Mapping[str, CameraConfig]) -> Iterator[Finding]:
    """Open every camera at once and look for some seconds; one that gives less is named."""
    if not cameras:
        return
    with ThreadPoolExecutor(len(cameras)) as threads:
        looks = {
            name: threads.submit(watched, camera_of(name, config))
            for name, config in cameras.items()
        }
        for name, config in cameras.items():
            subject = f"{name} camera"
            try:
                images = looks[name].result()
            except LerecordError as error:
                yield Finding(subject, str(error), "")
                continue
            yield from _judged(subject, config, images)


def camera_of(name: str, config: CameraConfig) -> Camera:
    """The camera of a config, not yet open."""
    driver = drivers.load("cameras", config.driver)
    settings = CameraSettings(
        name, config.device, config.width, config.height, config.fps, config.fourcc
    )
    camera: Camera = driver.Camera(settings)
    return camera


def watched(camera: Camera) -> list[Image]:
    """Open a camera, look for two seconds, and close it.

    Raises:
        DeviceError: it does not open, or gives no images.
    """
    try:
        camera.open()
        images = [camera.read() for _ in range(_SETTLING)]
        until = time.monotonic() + _WATCHED_S
        while time.monotonic() < until:
            images.append(camera.read())
    finally:
        camera.close()
    return images[_SETTLING:]


def _judged(subject: str, config: CameraConfig, images: list[Image]) -> Iterator[Finding]:
    fps = rate_of(images)
    fact = f"{config.width} x {config.height} at {fps:.1f} images a second"
    if fps < _LEAST_SHARE * config.fps:
        yield Finding(
            subject,
            f"{fact}, where {config.fps} are asked for",
            "more light, a USB port of another bus, or a smaller fps in the hardware config",
        )
    else:
        yield Finding(subject, fact)
    if images and pixels_of(images[-1]).mean() < _DARK:
        yield Finding(subject, "its image is black", "take the cap off, or switch a light on")


def rate_of(images: Sequence[Image]) -> float:
    """Images a second; 0 when there are too few to tell."""
    gaps = [after.captured_at - before.captured_at for before, after in pairwise(images)]
    return 1.0 / float(np.mean(gaps)) if gaps and np.mean(gaps) > 0 else 0.0


def pixels_of(image: Image) -> NDArray[np.uint8]:
    """(H, W, 3) BGR.

    Raises:
        CorruptImageError: the image does not decode.
    """
    return decode(image.data) if isinstance(image.data, bytes) else image.data
