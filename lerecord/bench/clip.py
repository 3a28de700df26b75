"""The images that the bench's cameras give: drawn, not taken."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.bench.load import Load

_CLIP_IMAGES = 60
_JPEG = (
    *(cv2.IMWRITE_JPEG_QUALITY, 90),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
)
_CELLS = (4, 8, 16, 32, 64, 128)  # pixels: sizes of what is seen
_NOISE = 4.0  # grey levels of a webcam's sensor indoors


def clip_of(load: Load) -> Iterator[bytes]:
    """A textured scene under a moving camera, with a camera's noise.

    Detail of every size, the larger the stronger, as in images of rooms and tables: at 640x480 a
    JPEG of some 60 kB and, recorded with the profile default, 19 kB at 42 dB.
    """
    random = np.random.default_rng(load.seed)
    ground = _textured(load.width + 320, load.height + 320, random)
    noise = random.normal(0, _NOISE, (load.height + 64, load.width + 64, 3))
    for number in range(_CLIP_IMAGES):
        angle = 2 * np.pi * number / _CLIP_IMAGES
        x, y = (int(160 + 120 * turn) for turn in (np.cos(angle), np.sin(2 * angle)))
        scene = ground[y : y + load.height, x : x + load.width].copy()
        dx, dy = random.integers(0, 64, 2)
        scene += noise[dy : dy + load.height, dx : dx + load.width]
        ok, jpeg = cv2.imencode(".jpg", np.clip(scene, 0, 255).astype(np.uint8), _JPEG)
        assert ok
        yield jpeg.tobytes()


def _textured(width: int, height: int, random: np.random.Generator) -> NDArray[np.float64]:
    ground = np.full((height, width, 3), 128.0)
    for cell in _CELLS:
        rows, columns = height // cell + 2, width // cell + 2
        colours = random.uniform(-1, 1, (rows, columns, 3)).astype(np.float32)
        colours = 0.4 * colours + colours.mean(axis=2, keepdims=True)  # brightness varies most
        size = columns * cell, rows * cell
        spread = cv2.resize(colours, size, interpolation=cv2.INTER_CUBIC)
        ground += 1.5 * cell**0.75 * spread[:height, :width]
    return ground
