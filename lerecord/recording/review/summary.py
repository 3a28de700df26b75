"""What is known of a take when it is reviewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import FrameColumns, Histogram
from lerecord.dataset.staging import Look


@dataclass(frozen=True, slots=True, eq=False)
class CameraSummary:
    """What a camera gave.

    Attributes:
        age_s: (N,) how old each image was at its frame's time.
        repeated: (N,) bool.
        histogram: (3, 256) of all images.
        look: what it saw, small; None where that was not kept.
        before: what it saw in the dataset's first take; None where there is none.
    """

    age_s: NDArray[np.float64]
    repeated: NDArray[np.bool_]
    histogram: Histogram
    look: Look | None = None
    before: Look | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TakeSummary:
    """A take of N frames.

    Attributes:
        episode: that it becomes.
        fps: frames a second.
        joints: their names.
        frames: (N, ...) as they were recorded.
        health: as `health_of` makes it.
        cameras: by name.
        lengths: frames of the other episodes of its task.
    """

    episode: int
    fps: int
    joints: Sequence[str]
    frames: FrameColumns
    health: Mapping[str, Any]
    cameras: Mapping[str, CameraSummary] = field(default_factory=dict)
    lengths: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.frames)
