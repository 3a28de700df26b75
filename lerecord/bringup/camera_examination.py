"""What cameras really give, all of them at once, as they share the computer's USB buses."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np

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
        watched = {
            name: threads.submit(_watched, _camera(name, config))
            for name, config in cameras.items()
        }
        for name, config in cameras.items():
            subject = f"{name} camera"
            try:
                images = watched[name].result()
            except LerecordError as error:
                yield Finding(subject, str(error), "")
                continue
            yield from _judged(subject, config, images)


def _camera(name: str, config: CameraConfig) -> Camera:
    driver = drivers.load("cameras", config.driver)
    settings = CameraSettings(
        name, config.device, config.width, config.height, config.fps, config.fourcc
    )
    camera: Camera = driver.Camera(settings)
    return camera


def _watched(camera: Camera) -> list[Image]:
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
    gaps = [after.captured_at - before.captured_at for before, after in pairwise(images)]
    fps = 1.0 / float(np.mean(gaps)) if gaps and np.mean(gaps) > 0 else 0.0
    fact = f"{config.width} x {config.height} at {fps:.1f} images a second"
    if fps < _LEAST_SHARE * config.fps:
        yield Finding(
            subject,
            f"{fact}, where {config.fps} are asked for",
            "more light, a USB port of another bus, or a smaller fps in the hardware config",
        )
    else:
        yield Finding(subject, fact)
    newest = images[-1].data if images else None
    pixels = decode(newest) if isinstance(newest, bytes) else newest
    if pixels is not None and pixels.mean() < _DARK:
        yield Finding(subject, "its image is black", "take the cap off, or switch a light on")
