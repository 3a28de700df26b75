"""The frame journal of a take: every frame, appended as it comes, whole after a kill."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import BUS, COLUMNS, Column, FrameColumns
from lerecord.dataset.staging.take import TakeFrame
from lerecord.dataset.storage import RecordFile, read_header, read_records
from lerecord.errors import DatasetError
from lerecord.frame import BusFaults

_FORMAT = "lerecord frames 2"
_FIRST_FORMAT = "lerecord rows 1"  # takes that an older lerecord left are salvaged, too
_INDEX = ("index", "<u4")
_Field = tuple[str, str, bool]  # name, dtype, per joint
_FIRST_FIELDS: tuple[_Field, ...] = (
    *(("due", "<f8", False), ("started", "<f8", False), ("bus_s", "<f8", False)),
    *(("retries", "<u4", False), ("measured", "?", False), ("missed", "?", False)),
    *(("state", "<f4", True), ("action", "<f4", True), ("requested", "<f4", True)),
)


class FrameJournal:
    """A FrameSink on disk.

    Args:
        path: must not exist yet.
        joints: D, the length of the vectors.
    """

    def __init__(self, path: Path, joints: int) -> None:
        fields = [(column.name, column.dtype, column.per_joint) for column in COLUMNS]
        header = {"format": _FORMAT, "joints": joints, "columns": fields}
        dtype = np.dtype([_INDEX, *(_subtype(field, joints) for field in fields)])
        self._file = RecordFile(path, dtype, header)
        self._absent = [column.missing(1, joints)[0] for column in COLUMNS]
        self.frames = 0
        """Frames so far."""

    def add(self, frame: TakeFrame) -> None:
        """Append a frame.

        Raises:
            ValueError: its index is not the next, or its vectors have another length.
        """
        if frame.index != self.frames:
            raise ValueError(f"frame {frame.index} came where frame {self.frames} was due")
        values = zip(frame.values, self._absent, strict=True)
        self._file.append(frame.index, *(absent if v is None else v for v, absent in values))
        self.frames += 1

    def sync(self) -> None:
        """Wait until every frame is on the disk."""
        self._file.sync()

    def close(self) -> None:
        """Sync and close; may be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_frames(path: Path) -> FrameColumns:
    """The frames of a journal; a torn last record is left out.

    Raises:
        DatasetError: the file is missing, ends within its header, or is of no known form.
    """
    header = read_header(path)
    try:
        joints = int(header["joints"])
        dtype = np.dtype([_INDEX, *_stored_fields(header, joints)])
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} is of a form that this lerecord does not know ({error!r}); recover the take "
            f"with the lerecord that recorded it."
        ) from error
    records = read_records(path, dtype)
    in_order = records["index"] == np.arange(len(records))
    records = records[: len(records) if in_order.all() else int(np.argmin(in_order))]
    known = dict(_stored_columns(header, records))
    return FrameColumns({c.name: _column(c, known, len(records), joints) for c in COLUMNS})


def _subtype(field: _Field, joints: int) -> tuple[Any, ...]:
    name, dtype, per_joint = field
    return (name, dtype, (joints,)) if per_joint else (name, dtype)


def _stored_fields(header: Mapping[str, Any], joints: int) -> Iterator[tuple[Any, ...]]:
    if header["format"] == _FORMAT:
        for name, dtype, per_joint in header["columns"]:
            yield _subtype((str(name), str(dtype), bool(per_joint)), joints)
        return
    if header["format"] != _FIRST_FORMAT:
        raise ValueError(header["format"])
    for field in _FIRST_FIELDS:
        yield _subtype(field, joints)
    yield "faults", "<u4", (len(header.get("faults", ())),)
    for name in header.get("motion", ()):
        yield _subtype((name, "<f4", True), joints)


def _stored_columns(
    header: Mapping[str, Any], records: NDArray[Any]
) -> Iterator[tuple[str, NDArray[Any]]]:
    for name in records.dtype.names or ():
        if name != "faults":
            yield name, records[name]
    if header["format"] == _FIRST_FORMAT:
        yield "lateness_s", records["started"] - records["due"]
        for place, name in enumerate(header.get("faults", ())):
            if name in BusFaults._fields:
                yield BUS + name, records["faults"][:, place]


def _column(
    column: Column, known: Mapping[str, NDArray[Any]], frames: int, joints: int
) -> NDArray[Any]:
    if column.name not in known:
        return column.missing(frames, joints)
    return np.ascontiguousarray(known[column.name])
