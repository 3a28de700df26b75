"""A sample of lerecord's against one of LeRobot's."""

from importlib import import_module
from typing import Any

import numpy as np

expect = import_module("report").expect  # a file beside this one

LARGEST_PICTURE_ERROR = 6
"""Of 255: two ways from the same yuv420p to RGB."""


def compared(ours: dict[str, Any], other: dict[str, Any]) -> int:
    """The largest error of an image; everything else is the same to the bit."""
    expect("the keys", sorted(ours), sorted(other))
    worst = 0
    for key, value in other.items():
        if isinstance(value, str):
            expect(key, ours[key], value)
            continue
        due = value.numpy()
        expect(
            f"shape and type of {key}", (ours[key].shape, ours[key].dtype), (due.shape, due.dtype)
        )
        if key.startswith("observation.images.") and not key.endswith("_is_pad"):
            apart = float(np.abs(ours[key] - due).max()) * 255
            worst = max(worst, round(apart))
        else:
            expect(key, ours[key].tolist(), due.tolist())
    if worst > LARGEST_PICTURE_ERROR:
        expect("the largest error of an image", worst, LARGEST_PICTURE_ERROR)
    return worst
