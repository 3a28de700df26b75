"""What encoding an image takes on this machine, measured in the process of its camera."""

import shutil
import tempfile
import time
from pathlib import Path

import numpy as np

from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.video import encoded
from lerecord.frame import Image
from lerecord.jpeg import decode

_SAMPLES, _SHIFT = 10, 16  # images to measure with; pixels from one to the next


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
