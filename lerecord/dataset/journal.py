"""The row journal of a take: every row, appended as it comes, whole after a kill."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.records import RecordFile, read_header, read_records
from lerecord.dataset.take import Row
from lerecord.frame import BusFaults, Motion

_FORMAT = "lerecord rows 1"


def _dtype(joints: int, faults: Sequence[str], motion: Sequence[str]) -> np.dtype[Any]:
    return np.dtype(
        [
            ("index", "<u4"),
            ("due", "<f8"),
            ("started", "<f8"),
            ("bus_s", "<f8"),
            ("retries", "<u4"),
            ("measured", "?"),
            ("missed", "?"),
            ("state", "<f4", (joints,)),
            ("action", "<f4", (joints,)),
            ("requested", "<f4", (joints,)),
            ("faults", "<u4", (len(faults),)),
            *((name, "<f4", (joints,)) for name in motion),
        ]
    )


class RowJournal:
    """A RowSink on disk.

    Args:
        path: must not exist yet.
        joints: D, the length of the vectors.
    """

    def __init__(self, path: Path, joints: int) -> None:
        faults, motion = BusFaults._fields, Motion._fields
        header = {"format": _FORMAT, "joints": joints, "faults": faults, "motion": motion}
        self._file = RecordFile(path, _dtype(joints, faults, motion), header)
        self._unmeasured = Motion(*np.full((len(motion), joints), np.nan, np.float32))
        self.rows = 0
        """Rows so far."""

    def add(self, row: Row) -> None:
        """Append a row.

        Raises:
            ValueError: its index is not the next, or its vectors have another length.
        """
        if row.index != self.rows:
            raise ValueError(f"row {row.index} came where row {self.rows} was due")
        self._file.append(
            row.index,
            row.due,
            row.started,
            row.bus_s,
            row.retries,
            row.measured,
            row.missed,
            row.state,
            row.action,
            row.requested,
            row.faults,
            *(row.motion if row.motion is not None else self._unmeasured),
        )
        self.rows += 1

    def sync(self) -> None:
        """Wait until every row is on the disk."""
        self._file.sync()

    def close(self) -> None:
        """Sync and close; may be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True, eq=False)
class RowColumns:
    """The rows of a take, column by column; N rows, D joints.

    Attributes:
        due: (N,) float64, CLOCK_MONOTONIC seconds.
        started: (N,) float64, CLOCK_MONOTONIC seconds; the rows' times.
        bus_s: (N,) float64.
        retries: (N,) uint32.
        measured: (N,) bool.
        missed: (N,) bool.
        state: (N, D) float32.
        action: (N, D) float32.
        requested: (N, D) float32.
        faults: (N, F) uint32, in the order of BusFaults.
        velocity: (N, D) float32, NaN where it was not measured; as in Motion.
        effort: (N, D) float32, NaN where it was not measured; as in Motion.
    """

    due: NDArray[np.float64]
    started: NDArray[np.float64]
    bus_s: NDArray[np.float64]
    retries: NDArray[np.uint32]
    measured: NDArray[np.bool_]
    missed: NDArray[np.bool_]
    state: NDArray[np.float32]
    action: NDArray[np.float32]
    requested: NDArray[np.float32]
    faults: NDArray[np.uint32]
    velocity: NDArray[np.float32]
    effort: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.due)

    @property
    def lateness_s(self) -> NDArray[np.float64]:
        """(N,) how long after its slot was due each row was begun."""
        return self.started - self.due


def read_rows(path: Path) -> RowColumns:
    """The rows of a journal; a torn last record is left out.

    Raises:
        DatasetError: the file is missing or ends within its header.
    """
    header = read_header(path)
    # What this journal counts and measures may be an older set.
    counted, motion = header.get("faults", []), header.get("motion", [])
    records = read_records(path, _dtype(int(header["joints"]), counted, motion))
    in_order = records["index"] == np.arange(len(records))
    records = records[: len(records) if in_order.all() else int(np.argmin(in_order))]
    names = [name for name in records.dtype.names or () if name not in ("index", "faults")]
    faults = np.zeros((len(records), len(BusFaults._fields)), np.uint32)
    for place, name in enumerate(BusFaults._fields):
        if name in counted:
            faults[:, place] = records["faults"][:, counted.index(name)]
    columns = {name: np.ascontiguousarray(records[name]) for name in names}
    unmeasured = np.full(records["state"].shape, np.nan, np.float32)
    return RowColumns(**dict.fromkeys(Motion._fields, unmeasured) | columns, faults=faults)
