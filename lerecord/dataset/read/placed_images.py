"""Decoded images at the places in a batch where they are due."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import Feature, layout
from lerecord.dataset.read.samples import ImageForm
from lerecord.dataset.video import Pixels, Take, is_depth
from lerecord.errors import DatasetError


class PlacedImages:
    """Where decoded images go: one may be due at several places."""

    def __init__(self, rows: NDArray[np.int64], form: ImageForm, feature: Feature) -> None:
        self.rows, self._wanted = np.unique(rows, return_inverse=True)
        self._form = form
        self._key = feature.key
        width, height = feature.size
        self._size = size = (height, width)
        self._is_depth = is_depth(feature)
        shape = (*size, 3) if form == "uint8" else (3, *size)
        self.values: NDArray[Any] = (
            np.empty((len(rows), *size, 1), dtype=np.uint16)
            if self._is_depth
            else np.empty((len(rows), *shape), dtype=form)
        )

    def taker(self, first: int) -> Take:
        """Takes the images of an episode whose first frame is `first`."""
        return lambda number, rgb: self.put(first + number, rgb)

    def put(self, row: int, pixels: Pixels) -> None:
        """Put the image of a frame wherever it is due."""
        if pixels.shape[:2] != self._size:
            raise DatasetError(
                f"An image of {pixels.shape[1]}x{pixels.shape[0]} stands where {layout.INFO} says "
                f"{self._size[1]}x{self._size[0]}; `lerecord check` says what is wrong."
            )
        if (pixels.dtype == np.uint16) != self._is_depth:
            found, due = ("depth", "colour")[:: -1 if self._is_depth else 1]
            raise DatasetError(
                f"The videos of {self._key} hold {found} where {layout.INFO} describes {due}; "
                f"correct its video.pix_fmt and video.is_depth_map there."
            )
        first, *others = np.flatnonzero(self._wanted == np.searchsorted(self.rows, row))
        if self._form == "uint8":
            self.values[first] = pixels
        else:
            for channel, target in zip(cv2.split(pixels), self.values[first], strict=True):
                np.divide(channel, np.float32(255), out=target)
        self.values[others] = self.values[first]
