"""Whether this machine encodes as fast as its cameras give images; said before the first take."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.video import encoded
from lerecord.frame import Image
from lerecord.jpeg import decode

_SAMPLES, _SHIFT = 10, 16  # images to measure with; pixels from one to the next
_SHARE = 0.85  # of the cores; the rest is for control, writing and the system


def cost_of(image: Image, camera: CameraSpec, fps: int, settings: VideoSettings) -> float:
    """Processor seconds that decoding, counting and encoding an image takes on this machine.

    Args:
        image: one of the camera's, of which shifted copies are encoded.
        camera: its name.
        fps: frames a second.
        settings: the encoder's.

    Raises:
        ConfigError: the encoder does not open.
        CorruptImageError: the image does not decode.
    """
    pixels = decode(image.data) if isinstance(image.data, bytes) else image.data
    height, width = pixels.shape[:2]
    moving = [np.roll(pixels, number * _SHIFT, axis=1) for number in range(3)]
    shown = [encoded(each) for each in moving] if isinstance(image.data, bytes) else moving
    folder = Path(tempfile.mkdtemp(prefix="lerecord-"))
    try:
        track = TrackWriter(folder, CameraSpec(camera.name, width, height), fps, settings)
        before = time.process_time()
        with track:
            for number in range(_SAMPLES):
                track.add(Image(shown[number % len(shown)], float(number), number))
        return (time.process_time() - before) / _SAMPLES
    finally:
        shutil.rmtree(folder)


def cores() -> float:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def shortage(encode_s: Mapping[str, float], fps: int, available: float) -> str | None:
    """What there is too little of, in a sentence; None when every image is encoded in time.

    Args:
        encode_s: camera name to processor seconds that one of its images takes.
        fps: images a second of each camera.
        available: cores.
    """
    needed = fps * sum(encode_s.values())
    slowest = max(encode_s, key=lambda name: encode_s[name], default=None)
    if slowest is None:
        return None
    behind = (
        "images will wait on disk and takes will be committed later; lower the size or the fps, or "
    )
    remedy = behind + 'set profile = "fast" under [video].'
    if needed > _SHARE * available:
        return (
            f"Encoding {len(encode_s) * fps} images a second needs {needed:.1f} of the "
            f"{available:g} cores of this machine: {remedy}"
        )
    if fps * encode_s[slowest] > 1.0:  # a camera's images are encoded one after the other
        return (
            f"Encoding an image of camera {slowest} takes {encode_s[slowest] * 1e3:.0f} ms, and "
            f"one comes every {1e3 / fps:.0f} ms: {remedy}"
        )
    return None
