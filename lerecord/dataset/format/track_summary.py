"""What is known of each image of a camera in a take."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.stats import Histogram


@dataclass(frozen=True, slots=True, eq=False)
class TrackSummary:
    """The images of one camera in a take; N frames.

    Attributes:
        captured_at: (N,) float64, CLOCK_MONOTONIC seconds.
        sequence: (N,) uint32.
        repeated: (N,) bool.
        corrupt: (N,) bool.
        histogram: (3, 256) int64 over the first `histogram_rows` images, repeats counted again.
        histogram_rows: N when the track was finished; less when it was killed.
        unchanged, blank: (N,) bool, as in PictureFacts; None in what older versions recorded.
    """

    captured_at: NDArray[np.float64]
    sequence: NDArray[np.uint32]
    repeated: NDArray[np.bool_]
    corrupt: NDArray[np.bool_]
    histogram: Histogram
    histogram_rows: int
    unchanged: NDArray[np.bool_] | None = None
    blank: NDArray[np.bool_] | None = None

    @property
    def rows(self) -> int:
        """N."""
        return len(self.captured_at)
