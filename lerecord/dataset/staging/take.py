"""A take: frames in, frames and image marks out. Light: the control process imports it.

It decides one thing: what a missed slot becomes. Frames and marks go on to whoever keeps them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np

from lerecord.dataset.format import COLUMNS, MISSED
from lerecord.errors import DatasetError
from lerecord.frame import Frame

MAX_TAKE_S = 1000  # float32 timestamps miss LeRobot's tolerance of 1e-4 s from 1024 s on


@dataclass(frozen=True, slots=True, eq=False)
class TakeFrame:
    """What is kept of a frame in a take.

    Attributes:
        index: of the frame in the take, from 0.
        values: in the order of COLUMNS; None where the frame has none.
    """

    index: int
    values: tuple[Any, ...]

    @classmethod
    def of(cls, index: int, frame: Frame) -> Self:
        """What is kept of a frame of the rig."""
        return cls(index, tuple(False if c.name == MISSED else c.of(frame) for c in COLUMNS))

    def __getitem__(self, name: str) -> Any:
        return self.values[_PLACES[name]]

    def repeated(self, index: int) -> Self:
        """This frame once more, for a slot that was missed: nothing happened in it."""
        copied = tuple(
            True if c.name == MISSED else value if c.when_missed is None else c.when_missed
            for c, value in zip(COLUMNS, self.values, strict=True)
        )
        return replace(self, index=index, values=copied)

    def to_json(self) -> list[Any]:
        """JSON-able and exact, for a pipe."""
        values = (v.tolist() if isinstance(v, np.ndarray) else v for v in self.values)
        return [self.index, *values]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Self:
        """The frame that `to_json` gave."""
        index, *values = data
        return cls(
            index,
            tuple(
                np.asarray(v, c.dtype) if c.per_joint and v is not None else v
                for c, v in zip(COLUMNS, values, strict=True)
            ),
        )


_PLACES = {column.name: place for place, column in enumerate(COLUMNS)}


class FrameSink(Protocol):
    """Where frames go: the journal, or the pipe to the process that keeps it."""

    def add(self, frame: TakeFrame) -> None:
        """Take one frame; never waits."""
        ...


class ImageTrack(Protocol):
    """Where the marks of one camera go."""

    def mark(self, index: int, due: float, time: float) -> None:
        """Image `index` is the newest one captured at or before `time`; never waits.

        Its slot was due at `due`, some time before.
        """
        ...


class Take:
    """A recording in progress.

    Args:
        frames: gets every frame.
        tracks: camera name to what gets its marks.
        fps: frames a second; with it a take has a longest length.
    """

    def __init__(self, frames: FrameSink, tracks: Mapping[str, ImageTrack], fps: int) -> None:
        self._frames = frames
        self._tracks = tracks
        self._fps = fps
        self._last: TakeFrame | None = None
        self._missed = 0

    @property
    def length(self) -> int:
        """Frames so far, the repeated ones included."""
        return 0 if self._last is None else self._last.index + 1

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self.length / self._fps

    @property
    def missed(self) -> int:
        """Slots missed so far, each of them a repeated frame."""
        return self._missed

    @property
    def remaining(self) -> int:
        """Frames that still fit."""
        return MAX_TAKE_S * self._fps - self.length

    @property
    def full(self) -> bool:
        """True when the take has its longest length and must end."""
        return self.remaining <= 0

    def add(self, frame: Frame, missed: int = 0) -> None:
        """Add a frame, after a copy of the last one for each missed slot.

        Slots missed before the first frame belong to no take and are not counted. A take that
        becomes full on the way keeps the copies that fit and leaves the frame out.

        Raises:
            DatasetError: the take was full already.
        """
        if self.full:
            raise DatasetError(
                f"The take has reached {MAX_TAKE_S} s, the longest LeRobot can read; save it "
                f"and start the next."
            )
        if self._last is not None:
            for _ in range(min(missed, self.remaining)):
                self._missed += 1
                self._put(self._last.repeated(self.length))
        if not self.full:
            self._put(TakeFrame.of(self.length, frame))

    def _put(self, frame: TakeFrame) -> None:
        self._last = frame
        self._frames.add(frame)
        for track in self._tracks.values():
            track.mark(frame.index, frame["due"], frame["started"])
