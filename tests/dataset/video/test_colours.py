"""Pixels of decoded images, made by the thread that asks for them."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from av import VideoFrame

from lerecord.dataset.video import Colours


def decoded(width: int, height: int) -> VideoFrame:
    """An image as decoders give it."""
    rng = np.random.default_rng(width)
    pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
    return VideoFrame.from_ndarray(pixels, format="bgr24").reformat(format="yuv420p")


@pytest.mark.parametrize("order", ["bgr24", "rgb24"])
def test_they_are_those_of_pyav_whatever_the_size(order: Literal["bgr24", "rgb24"]) -> None:
    colours = Colours(order)
    for width, height in ((64, 48), (642, 482), (64, 48), (1280, 720)):
        frame = decoded(width, height)
        made = colours.of(frame)
        assert (made.shape, made.dtype.name) == ((height, width, 3), "uint8")
        assert np.array_equal(made, frame.to_ndarray(format=order))


def test_no_thread_is_asked_for_help() -> None:
    tasks = Path("/proc/self/task")
    frame, before = decoded(640, 480), set(tasks.iterdir())
    colours = Colours("bgr24")
    colours.of(frame)
    assert set(tasks.iterdir()) <= before
