"""Decoded images as pixels of three colours."""

from typing import Literal

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

_HAS_THREADS = int(av.__version__.partition(".")[0]) >= 17


class Colours:
    """Makes pixels of one image after the other; kept, for swscale is set up once.

    PyAV 17 and later would share each image out among threads of its own, which takes longer than
    the work does: a small image six times as long, one of 640x480 half as long again.

    Args:
        order: of the colours.
    """

    def __init__(self, order: Literal["bgr24", "rgb24"]) -> None:
        self._order = order
        self._reformatter = VideoReformatter()

    def of(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8."""
        if _HAS_THREADS:
            made = self._reformatter.reformat(frame, format=self._order, threads=1)
        else:
            made = self._reformatter.reformat(frame, format=self._order)
        return made.to_ndarray().astype(np.uint8, copy=False)
