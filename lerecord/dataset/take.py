"""A take: frames in, rows and picture marks out. Light: the control process imports it.

It decides one thing: what a missed slot becomes. Rows and pictures go on to whoever keeps them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.errors import DatasetError
from lerecord.frame import NO_FAULTS, BusFaults, Frame, Motion

MAX_TAKE_S = 1000  # float32 timestamps miss LeRobot's tolerance of 1e-4 s from 1024 s on


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What is kept of a frame in a take.

    Attributes:
        index: of the row in the take, from 0.
        due: CLOCK_MONOTONIC seconds at which the slot was due.
        started: CLOCK_MONOTONIC seconds at which its work began; the row's time.
        state: (D,) measured joint positions.
        action: (D,) the goal that was sent.
        requested: (D,) what the leader asked for.
        measured: False when the last measured state stands in for a failed read.
        bus_s: seconds that the servo buses took.
        retries: servo transactions that had to be repeated.
        missed: True when the slot was missed and this is the row before it once more.
        faults: what went wrong on the servo buses.
        motion: what was measured with the state; None when that was not.
    """

    index: int
    due: float
    started: float
    state: NDArray[np.float32]
    action: NDArray[np.float32]
    requested: NDArray[np.float32]
    measured: bool = True
    bus_s: float = 0.0
    retries: int = 0
    missed: bool = False
    faults: BusFaults = NO_FAULTS
    motion: Motion | None = None

    @classmethod
    def of(cls, index: int, frame: Frame) -> Self:
        """The row of a frame."""
        return cls(
            index=index,
            due=frame.due,
            started=frame.started,
            state=frame.state,
            action=frame.action,
            requested=frame.requested,
            measured=frame.measured,
            bus_s=frame.bus_s,
            retries=frame.retries,
            faults=frame.faults,
            motion=frame.motion,
        )

    def repeated(self, index: int) -> Self:
        """This row once more, for a slot that was missed: nothing happened in it."""
        return replace(self, index=index, missed=True, bus_s=0.0, retries=0, faults=NO_FAULTS)

    def to_json(self) -> list[Any]:
        """JSON-able and exact, for a pipe."""
        return [
            self.index,
            self.due,
            self.started,
            self.state.tolist(),
            self.action.tolist(),
            self.requested.tolist(),
            self.measured,
            self.bus_s,
            self.retries,
            self.missed,
            self.faults,
            None if self.motion is None else [each.tolist() for each in self.motion],
        ]

    @classmethod
    def from_json(cls, data: Sequence[Any]) -> Self:
        """The row that `to_json` gave."""
        index, due, started, state, action, requested, *rest, faults, motion = data
        rest.append(BusFaults(*faults))
        rest.append(None if motion is None else Motion(*map(_vector, motion)))
        return cls(index, due, started, _vector(state), _vector(action), _vector(requested), *rest)


def _vector(values: Sequence[float]) -> NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


class RowSink(Protocol):
    """Where rows go: the journal, or the pipe to the process that keeps it."""

    def add(self, row: Row) -> None:
        """Take one row; never waits."""
        ...


class ImageTrack(Protocol):
    """Where the marks of one camera go."""

    def mark(self, row: int, due: float, row_time: float) -> None:
        """Picture `row` is the newest captured at or before `row_time`; never waits.

        Its slot was due at `due`, some time before.
        """
        ...


class Take:
    """A recording in progress.

    Args:
        rows: gets every row.
        tracks: camera name to what gets its marks.
        fps: rows a second; with it a take has a longest length.
    """

    def __init__(self, rows: RowSink, tracks: Mapping[str, ImageTrack], fps: int) -> None:
        self._rows = rows
        self._tracks = tracks
        self._fps = fps
        self._last: Row | None = None
        self._missed = 0

    @property
    def length(self) -> int:
        """Rows so far, the repeated ones included."""
        return 0 if self._last is None else self._last.index + 1

    @property
    def seconds(self) -> float:
        """Length so far."""
        return self.length / self._fps

    @property
    def missed(self) -> int:
        """Slots missed so far, each of them a repeated row."""
        return self._missed

    @property
    def remaining(self) -> int:
        """Rows that still fit."""
        return MAX_TAKE_S * self._fps - self.length

    @property
    def full(self) -> bool:
        """True when the take has its longest length and must end."""
        return self.remaining <= 0

    def add(self, frame: Frame, missed: int = 0) -> None:
        """Add the row of a frame, after a copy of the last row for each missed slot.

        Slots missed before the first row belong to no take and are not counted. A take that
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
            self._put(Row.of(self.length, frame))

    def _put(self, row: Row) -> None:
        self._last = row
        self._rows.add(row)
        for track in self._tracks.values():
            track.mark(row.index, row.due, row.started)
