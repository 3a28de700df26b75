"""What a camera saw in a take, small: enough to tell whether it was moved, swapped or blurred."""

import zipfile  # noqa: F401 - numpy fetches it otherwise, while a take is saved
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import TakeFolder
from lerecord.dataset.video import small_luma

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What is kept of the images of a camera.

    Attributes:
        first: (H, 160) uint8, the brightness of the first image.
        sharpness: median of the take; 0 for images of one shade, about 1 for noise.
    """

    first: NDArray[np.uint8]
    sharpness: float

    @classmethod
    def of(cls, first: NDArray[np.uint8]) -> Self:
        """All that a single image tells."""
        return cls(first, sharpness_of(first))


def sharpness_of(small: NDArray[np.uint8]) -> float:
    """How much of the contrast of an image is between neighbours."""
    contrast = float(small.var())
    return float(cv2.Laplacian(small, cv2.CV_32F).var()) / contrast if contrast > 1.0 else 0.0


class Looking:
    """Looks at the first image and at one a second, in the process of the camera."""

    def __init__(self) -> None:
        self._first: NDArray[np.uint8] | None = None
        self._sharpness: list[float] = []
        self._looked_at = 0.0

    def at(self, frame: object, captured_at: float) -> None:
        """Look at an image that is encoded, if it is time.

        Args:
            frame: the image, as the encoder takes it.
            captured_at: seconds.
        """
        if self._first is not None and captured_at - self._looked_at < _EVERY_S:
            return
        small = small_luma(frame)  # type: ignore[arg-type]  # PyAV's types stay in video
        self._first = small if self._first is None else self._first
        self._looked_at = captured_at
        self._sharpness.append(sharpness_of(small))

    def write(self, folder: TakeFolder, camera: str) -> None:
        """Keep it beside the track; what is not there is not reviewed."""
        if self._first is not None:
            with folder.look(camera).open("wb") as file:
                np.savez(file, first=self._first, sharpness=np.median(self._sharpness))


def read_look(folder: TakeFolder, camera: str) -> Look | None:
    """What was kept of a camera in a staged take; None where nothing was, or it is damaged."""
    try:
        with _opened(folder.look(camera)) as stored:
            return Look(stored["first"].astype(np.uint8), float(stored["sharpness"]))
    except (OSError, ValueError, KeyError, EOFError):
        return None


def _opened(path: Path) -> np.lib.npyio.NpzFile:
    return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
