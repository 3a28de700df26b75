"""Depth as videos keep it: one channel of more than 8 bits; no colour conversion may touch it."""

import re

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord.dataset.format import Feature

_DEEP_GRAY = re.compile(r"gray(9|1[0-6])(le|be)")


def is_deep(pixel_format: str | None) -> bool:
    """Whether images of a pixel format, by FFmpeg's name, are one channel of more than 8 bits."""
    return _DEEP_GRAY.fullmatch(pixel_format or "") is not None


def is_depth(feature: Feature) -> bool:
    """Whether info.json describes a depth camera: by its pixel format, or one channel and a flag.

    A flagged camera of three channels is an image of depth in colours, and read as one.
    """
    facts = feature.video
    one_channel = feature.shape[-1:] == (1,) or feature.shape[:1] == (1,)
    return is_deep(facts.pix_fmt) or (bool(facts.is_depth_map) and one_channel)


def depth_of(frame: VideoFrame) -> NDArray[np.uint16]:
    """The values of a deep gray image as they are stored, (H, W, 1) uint16."""
    plane = frame.planes[0]
    order = ">u2" if frame.format.is_big_endian else "<u2"
    values: NDArray[np.uint16] = np.frombuffer(
        plane,  # type: ignore[call-overload]  # buffers have a type from Python 3.12 on
        order,
    )
    values = values.reshape(-1, plane.line_size // 2)[: frame.height, : frame.width, None]
    return values.astype(np.uint16)
