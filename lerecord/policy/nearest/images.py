"""What a policy without a network sees of an image: what is different from the usual, and where.

Three choices make places comparable. Chroma without lightness: light, shadows and the grain of a
table change the one and hardly the other. The distance from the mean of all episodes at the same
phase, without its sign: what is left is what lies elsewhere in each episode. A blur wider than the
thing: half-way between two places then looks like half of each, so that mixing images mixes places.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.policy.policy import Rgb, Vector

SMALL = (64, 48)
"""Width and height of the images that it wants."""

_BLUR_PIXELS = 4.0
_EVERY = 4  # of the blurred pixels: more say nothing more

Chroma = NDArray[np.uint8 | np.float32]
"""(..., 48, 64, 2): a and b of Lab."""


def chroma(image: Rgb) -> NDArray[np.uint8]:
    """(48, 64, 2): a and b of a (H, W, 3) RGB image."""
    if image.shape[:2] != SMALL[::-1]:
        image = np.asarray(cv2.resize(image, SMALL, interpolation=cv2.INTER_AREA), np.uint8)
    return cv2.cvtColor(image, cv2.COLOR_RGB2LAB)[..., 1:].astype(np.uint8)


def unusual(image: Chroma, usual: Chroma) -> Vector:
    """(P,) numbers: where and how much an image differs from the usual one."""
    differs = cv2.GaussianBlur(np.abs(image - usual, dtype=np.float32), (0, 0), _BLUR_PIXELS)
    numbers: Vector = np.asarray(differs, np.float32)[
        _EVERY // 2 :: _EVERY, _EVERY // 2 :: _EVERY
    ].ravel()
    return numbers
