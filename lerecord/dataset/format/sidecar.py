"""The capture sidecar of an episode, where the truth is kept, and its summary in one line."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from numpy.typing import NDArray

from lerecord.dataset.format.arrow_columns import to_arrow, to_numpy
from lerecord.dataset.format.arrow_file import read_arrow
from lerecord.dataset.format.fields import Fields
from lerecord.dataset.format.frame_columns import SIDECAR_COLUMNS, Column, FrameColumns
from lerecord.dataset.format.spec import CameraSpec
from lerecord.dataset.format.stats import Histogram
from lerecord.dataset.format.track_summary import TrackSummary
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_PICTURE_COLUMNS = ("captured_at", "sequence", "repeated", "corrupt")
_LATER_COLUMNS = ("unchanged", "blank")  # older recordings lack them
_ALWAYS = ("due", "started", "lateness_s", "missed", "measured", "bus_s", "retries", "requested")


@dataclass(frozen=True, slots=True, eq=False)
class Sidecar:
    """The capture sidecar of an episode: what truly happened, frame by frame.

    Attributes:
        frames: SIDECAR_COLUMNS.
        tracks: camera name to its images' facts.
        facts: JSON-able facts of the episode: task, when recorded, calibration in force, encoder.
    """

    frames: FrameColumns
    tracks: Mapping[str, TrackSummary]
    facts: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.frames)

    def image_age_s(self, camera: str) -> NDArray[np.float64]:
        """(N,) how old the image of each frame was at the frame's time."""
        return self.frames.started - self.tracks[camera].captured_at


_UNFIT = (KeyError, ValueError, IndexError, TypeError, RecursionError)
_FACTS, _HISTOGRAM = b"lerecord", b"histogram."


def write_sidecar(path: Path, sidecar: Sidecar) -> None:
    """Write the capture sidecar, an Arrow IPC file."""
    values = sidecar.frames.values
    columns = {
        column.name: values[column.name]
        for column in SIDECAR_COLUMNS
        if not (column.is_optional and _is_absent(values[column.name], column.absent))
    }
    metadata = {_FACTS: json.dumps(sidecar.facts, ensure_ascii=False).encode()}
    for camera, track in sidecar.tracks.items():
        columns |= {f"{camera}.{name}": getattr(track, name) for name in _PICTURE_COLUMNS}
        later = {f"{camera}.{name}": getattr(track, name) for name in _LATER_COLUMNS}
        columns |= {name: each for name, each in later.items() if each is not None}
        metadata[_HISTOGRAM + camera.encode()] = json.dumps(track.histogram.tolist()).encode()
    table = pa.table({name: to_arrow(column) for name, column in columns.items()})
    _write_table(path, table, metadata)


def read_sidecar(path: Path, cameras: tuple[CameraSpec, ...]) -> Sidecar:
    """Read the capture sidecar of an episode.

    Raises:
        DatasetError: it is missing, not readable, or lacks a column.
    """
    return StoredSidecar.load(path).parsed(cameras)


@dataclass(frozen=True, slots=True, eq=False)
class StoredSidecar:
    """A sidecar as it is stored, to be changed with every column kept, known or not.

    Attributes:
        path: where it was read.
        table: its frames.
        metadata: facts and histograms.
    """

    path: Path
    table: pa.Table
    metadata: Mapping[bytes, bytes]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; raises DatasetError."""
        table = read_arrow(path)
        return cls(path, table, table.schema.metadata or {})

    def write(self, path: Path) -> None:
        """Write the file."""
        _write_table(path, self.table, self.metadata)

    def parsed(self, cameras: tuple[CameraSpec, ...]) -> Sidecar:
        """Its columns; raises DatasetError when it lacks one."""
        try:
            joints = to_numpy(self.table, "requested").shape[1]
            frames = FrameColumns(
                {c.name: self._column(c, joints) for c in SIDECAR_COLUMNS if self._tells(c)}
            )
            tracks = {each.name: _track(self.table, self.metadata, each.name) for each in cameras}
        except _UNFIT as error:
            raise DatasetError(
                f"{self.path} cannot be read ({error}); {to_read(error)}."
            ) from error
        return Sidecar(frames, tracks, self.facts)

    @property
    def facts(self) -> dict[str, Any]:
        """JSON-able facts of the episode; raises DatasetError."""
        try:
            return dict(Fields.parsed(self.metadata[_FACTS], f"{self.path}, facts").values)
        except KeyError as error:
            raise DatasetError(f"{self.path} cannot be read (it lacks {error}).") from error

    def _tells(self, column: Column) -> bool:
        """What an older recording did not count stays unknown."""
        return column.is_optional or column.name in (*_ALWAYS, *self.table.column_names)

    def _column(self, column: Column, joints: int) -> NDArray[Any]:
        """A column that arms without such a measurement lack is told by its absent value."""
        if column.is_optional and column.name not in self.table.column_names:
            return column.missing(len(self.table), joints)
        return to_numpy(self.table, column.name)

    def with_facts(self, facts: Mapping[str, Any]) -> Self:
        """The same with some facts changed; raises DatasetError."""
        told = {**self.facts, **facts}
        data = json.dumps(told, ensure_ascii=False).encode()
        return replace(self, metadata={**self.metadata, _FACTS: data})

    def cut(self, rows: range, histograms: Mapping[str, Histogram]) -> Self:
        """Some of its frames, with the histogram of each camera's images of them."""
        table = self.table.slice(rows.start, len(rows)).combine_chunks()
        counted = dict(self.metadata)
        for camera, histogram in histograms.items():
            counted[_HISTOGRAM + camera.encode()] = json.dumps(histogram.tolist()).encode()
            for name in (f"{camera}.repeated", f"{camera}.unchanged"):
                table = _first_unset(table, name)
        return replace(self, table=table, metadata=counted)


def _first_unset(table: pa.Table, name: str) -> pa.Table:
    """A flag that compares with the image before, which the first frame has no more."""
    number = table.schema.get_field_index(name)
    if number < 0:
        return table
    flags = to_numpy(table, name).copy()
    flags[:1] = False
    return table.set_column(number, table.schema.field(number), to_arrow(flags))


def _track(table: pa.Table, metadata: Mapping[bytes, bytes], camera: str) -> TrackSummary:
    histogram = np.array(json.loads(metadata[_HISTOGRAM + camera.encode()]), dtype=np.int64)
    known = [name for name in _LATER_COLUMNS if f"{camera}.{name}" in table.column_names]
    return TrackSummary(
        **{name: to_numpy(table, f"{camera}.{name}") for name in (*_PICTURE_COLUMNS, *known)},
        histogram=histogram.reshape(3, 256),
        histogram_rows=len(table),
    )


def _write_table(path: Path, table: pa.Table, metadata: Mapping[bytes, bytes]) -> None:
    table = table.replace_schema_metadata(dict(metadata))
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def _is_absent(values: NDArray[Any], absent: Any) -> bool:
    return bool((np.isnan(values) if absent != absent else values == absent).all())
