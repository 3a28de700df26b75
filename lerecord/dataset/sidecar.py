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

from lerecord.dataset.camera_health import camera_health, same_views
from lerecord.dataset.capture import Histogram, TrackSummary
from lerecord.dataset.journal import RowColumns
from lerecord.dataset.metadata import line_of
from lerecord.dataset.spec import CameraSpec
from lerecord.dataset.table import to_arrow, to_numpy
from lerecord.errors import DatasetError
from lerecord.frame import BusFaults, Motion

_PICTURE_COLUMNS = ("captured_at", "sequence", "repeated", "corrupt")
_LATER_COLUMNS = ("unchanged", "blank")  # older recordings lack them


@dataclass(frozen=True, slots=True, eq=False)
class Sidecar:
    """The capture sidecar of an episode: what truly happened, row by row.

    Attributes:
        due, started, lateness_s, missed, measured, bus_s, retries: (N,) as in RowColumns.
        requested: (N, D) what the leader asked for.
        velocity, effort: (N, D) as in RowColumns; not stored for arms that do not measure them.
        faults: name of a bus fault to (N,) counts, as in BusFaults.
        tracks: camera name to its pictures' facts.
        facts: JSON-able facts of the episode: task, when recorded, calibration in force, encoder.
    """

    due: NDArray[np.float64]
    started: NDArray[np.float64]
    lateness_s: NDArray[np.float64]
    missed: NDArray[np.bool_]
    measured: NDArray[np.bool_]
    bus_s: NDArray[np.float64]
    retries: NDArray[np.uint32]
    requested: NDArray[np.float32]
    velocity: NDArray[np.float32]
    effort: NDArray[np.float32]
    faults: Mapping[str, NDArray[np.uint32]]
    tracks: Mapping[str, TrackSummary]
    facts: Mapping[str, Any]

    @classmethod
    def of(
        cls, rows: RowColumns, tracks: Mapping[str, TrackSummary], facts: Mapping[str, Any]
    ) -> Self:
        """The sidecar of a take."""
        return cls(
            due=rows.due,
            started=rows.started,
            lateness_s=rows.lateness_s,
            missed=rows.missed,
            measured=rows.measured,
            bus_s=rows.bus_s,
            retries=rows.retries,
            requested=rows.requested,
            velocity=rows.velocity,
            effort=rows.effort,
            faults=dict(zip(BusFaults._fields, rows.faults.T, strict=True)),
            tracks=tracks,
            facts=facts,
        )

    def __len__(self) -> int:
        return len(self.due)

    def image_age_s(self, camera: str) -> NDArray[np.float64]:
        """(N,) how old the picture of each row was at the row's time."""
        return self.started - self.tracks[camera].captured_at


_ROW_COLUMNS = ("due", "started", "lateness_s", "missed", "measured", "bus_s", "retries")
_BUS = "bus."
_FACTS, _HISTOGRAM = b"lerecord", b"histogram."


def write_sidecar(path: Path, sidecar: Sidecar) -> None:
    """Write the capture sidecar, an Arrow IPC file."""
    columns: dict[str, NDArray[Any]] = {name: getattr(sidecar, name) for name in _ROW_COLUMNS}
    columns["requested"] = sidecar.requested
    motion = {name: getattr(sidecar, name) for name in Motion._fields}
    columns |= {name: each for name, each in motion.items() if not np.isnan(each).all()}
    columns |= {_BUS + name: np.ascontiguousarray(each) for name, each in sidecar.faults.items()}
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
        table: its rows.
        metadata: facts and histograms.
    """

    path: Path
    table: pa.Table
    metadata: Mapping[bytes, bytes]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file; raises DatasetError."""
        try:
            with pa.OSFile(str(path), "rb") as file:
                table = pa.ipc.open_file(file).read_all()
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(f"{path} cannot be read ({error}).") from error
        return cls(path, table, table.schema.metadata or {})

    def write(self, path: Path) -> None:
        """Write the file."""
        _write_table(path, self.table, self.metadata)

    def parsed(self, cameras: tuple[CameraSpec, ...]) -> Sidecar:
        """Its columns; raises DatasetError when it lacks one."""
        try:
            rows = {name: to_numpy(self.table, name) for name in (*_ROW_COLUMNS, "requested")}
            rows |= {name: self._motion(name, rows["requested"]) for name in Motion._fields}
            faults = {
                name.removeprefix(_BUS): to_numpy(self.table, name)
                for name in self.table.column_names
                if name.startswith(_BUS)
            }
            tracks = {each.name: _track(self.table, self.metadata, each.name) for each in cameras}
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{self.path} cannot be read ({error}).") from error
        return Sidecar(**rows, faults=faults, tracks=tracks, facts=self.facts)

    @property
    def facts(self) -> dict[str, Any]:
        """JSON-able facts of the episode; raises DatasetError."""
        try:
            facts: dict[str, Any] = json.loads(self.metadata[_FACTS])
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{self.path} cannot be read ({error}).") from error
        return facts

    def _motion(self, name: str, like: NDArray[np.float32]) -> NDArray[np.float32]:
        """A column that the sidecar of an arm lacks that measures no such thing."""
        if name in self.table.column_names:
            return to_numpy(self.table, name)
        return np.full_like(like, np.nan)

    def with_facts(self, facts: Mapping[str, Any]) -> Self:
        """The same with some facts changed; raises DatasetError."""
        told = {**self.facts, **facts}
        data = json.dumps(told, ensure_ascii=False).encode()
        return replace(self, metadata={**self.metadata, _FACTS: data})

    def cut(self, rows: range, histograms: Mapping[str, Histogram]) -> Self:
        """Some of its rows, with the histogram of each camera's pictures of them."""
        table = self.table.slice(rows.start, len(rows)).combine_chunks()
        counted = dict(self.metadata)
        for camera, histogram in histograms.items():
            counted[_HISTOGRAM + camera.encode()] = json.dumps(histogram.tolist()).encode()
            for name in (f"{camera}.repeated", f"{camera}.unchanged"):
                table = _first_unset(table, name)
        return replace(self, table=table, metadata=counted)


def _first_unset(table: pa.Table, name: str) -> pa.Table:
    """A flag that compares with the image before, which the first row has no more."""
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


def health_line(episode: int, sidecar: Sidecar) -> bytes:
    """One line of capture/health.jsonl: how well the episode was recorded."""
    return line_of({"episode_index": episode, **health_of(sidecar)})


def health_of(sidecar: Sidecar) -> dict[str, Any]:
    """What that line says, without the index."""
    late = sidecar.lateness_s
    return {
        "rows": len(sidecar),
        "salvaged": bool(sidecar.facts.get("salvaged", False)),
        "missed": int(sidecar.missed.sum()),
        "unmeasured": int((~sidecar.measured).sum()),
        "retries": int(sidecar.retries.sum()),
        "bus": {name: int(each.sum()) for name, each in sidecar.faults.items()},
        "lateness_s": {
            "p50": round(float(np.percentile(late, 50)), 6),
            "p99": round(float(np.percentile(late, 99)), 6),
            "max": round(float(late.max()), 6),
        },
        "cameras": {
            name: camera_health(track, sidecar.started) for name, track in sidecar.tracks.items()
        },
        "same_views": same_views(sidecar.tracks),
    }


def _write_table(path: Path, table: pa.Table, metadata: Mapping[bytes, bytes]) -> None:
    table = table.replace_schema_metadata(dict(metadata))
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
