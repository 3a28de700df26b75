"""Windows of time around a frame, as policies are trained on: which frames, which are padded.

The semantics are LeRobot 0.3.3's `delta_timestamps`, to the number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lerecord.errors import DatasetError

DeltaTimestamps = Mapping[str, Sequence[float]]
"""Feature name to offsets in seconds; a name that ends with `*` means all that begin so."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """The frames of one feature's windows; N windows of T places.

    Attributes:
        rows: (N, T) frame numbers, each within its episode.
        padded: (N, T) True outside the episode, where its nearest frame stands in.
    """

    rows: NDArray[np.int64]
    padded: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """Offsets in frames by feature, such as -1, 0 of each image and 0 to 49 of the action."""

    offsets: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, deltas: DeltaTimestamps, fps: int, tolerance_s: float) -> Self:
        """Offsets in seconds as offsets in frames.

        Raises:
            DatasetError: one is no multiple of 1 / fps within `tolerance_s`.
        """
        for key, seconds in deltas.items():
            _require_on_grid(key, seconds, fps, tolerance_s)
        return cls(
            {
                # round, of Python: halves go to the even neighbour, as LeRobot's do
                key: np.array([round(each * fps) for each in seconds], dtype=np.int64)
                for key, seconds in deltas.items()
            }
        )

    def __contains__(self, key: str) -> bool:
        return key in self.offsets

    def at(
        self,
        key: str,
        rows: NDArray[np.int64],
        first: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> Taken:
        """A feature's window around each frame.

        Args:
            key: one of `offsets`.
            rows: (N,) frame numbers.
            first: (N,) the first frame of each one's episode.
            end: (N,) the frame behind the last of it.
        """
        wanted = rows[:, None] + self.offsets[key]
        inside = (wanted >= first[:, None]) & (wanted < end[:, None])
        return Taken(np.clip(wanted, first[:, None], end[:, None] - 1), ~inside)


def expanded(deltas: DeltaTimestamps, features: Iterable[str]) -> dict[str, Sequence[float]]:
    """Every name that ends with `*` replaced by the features that it means.

    Raises:
        DatasetError: a name means no feature, or a window has no place.
    """
    known = list(features)
    meant: dict[str, Sequence[float]] = {}
    for key, seconds in deltas.items():
        start = key.removesuffix("*")
        keys = [each for each in known if each.startswith(start)] if start != key else [key]
        if not keys or any(each not in known for each in keys):
            raise DatasetError(
                f"delta_timestamps asks for {key!r}, which the dataset does not have; "
                f"it has {', '.join(known)}."
            )
        if not len(seconds):
            raise DatasetError(f"delta_timestamps has no offsets for {key!r}; give one or more.")
        meant |= dict.fromkeys(keys, seconds)
    return meant


def _require_on_grid(key: str, seconds: Sequence[float], fps: int, tolerance_s: float) -> None:
    off = [each for each in seconds if abs(each * fps - round(each * fps)) / fps > tolerance_s]
    if off:
        raise DatasetError(
            f"delta_timestamps of {key!r} has {', '.join(f'{each:g}' for each in off)} s, which "
            f"is no multiple of 1/{fps} s within {tolerance_s:g} s; use whole numbers of frames "
            f"divided by {fps}."
        )
