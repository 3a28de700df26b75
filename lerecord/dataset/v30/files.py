"""The files of the LeRobot v3.0 layout, as LeRobot 0.6.1 writes and reads them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.dataset.format import FeatureStats, Histogram, Info, stats
from lerecord.dataset.format.layout_v30 import CODEBASE_VERSION as CODEBASE_VERSION
from lerecord.dataset.format.layout_v30 import DATA_PATH as DATA_PATH
from lerecord.dataset.format.layout_v30 import EPISODES_PATH as EPISODES_PATH
from lerecord.dataset.format.layout_v30 import TASKS as TASKS
from lerecord.dataset.format.layout_v30 import VIDEO_PATH as VIDEO_PATH
from lerecord.dataset.v30 import quantiles

CHUNK_SIZE = 1000
DATA_FILE_MB = 100
VIDEO_FILE_MB = 200
VIDEO_FILE_S = 1000
"""LeRobot asks for images by float32 seconds: later ones would miss its tolerance of 1e-4 s."""
MB = 1024 * 1024

STATISTICS = ("min", "max", "mean", "std", "count", *quantiles.SHARES)


@dataclass(frozen=True, slots=True)
class FileNumber:
    """The place of a file among those of its kind."""

    chunk: int = 0
    file: int = 0

    def next(self) -> "FileNumber":
        """The place of the file behind."""
        if self.file + 1 < CHUNK_SIZE:
            return FileNumber(self.chunk, self.file + 1)
        return FileNumber(self.chunk + 1, 0)

    def path(self, template: str, key: str = "") -> str:
        """The file at that place; `key` is that of a camera."""
        return template.format(chunk_index=self.chunk, file_index=self.file, video_key=key)


@dataclass(frozen=True, slots=True, eq=False)
class FullStats:
    """All ten statistics of a feature over some rows."""

    moments: FeatureStats
    quantiles: quantiles.Quantiles

    @classmethod
    def of_column(cls, column: NDArray[Any]) -> "FullStats":
        """Of a column of shape (N,) or (N, D)."""
        return cls(stats.of_column(column), quantiles.of_column(column))

    @classmethod
    def of_pictures(cls, moments: FeatureStats, histogram: Histogram) -> "FullStats":
        """Of a camera: its stored statistics, and the quantiles of its histogram."""
        return cls(moments, quantiles.of_histogram(histogram))

    def to_data(self) -> dict[str, Any]:
        """By name, in LeRobot's order; every number but the count is a float."""
        moments = self.moments
        values = {
            name: getattr(moments, name).astype(np.float64).tolist()
            for name in ("min", "max", "mean", "std")
        }
        found = {name: each.tolist() for name, each in self.quantiles.items()}
        return values | {"count": [moments.count]} | found


def info_bytes(info: Info) -> bytes:
    """meta/info.json of v3.0, from that of v2.1."""
    data = {
        "codebase_version": CODEBASE_VERSION,
        "fps": info.fps,
        "features": info.features_data(),
        "total_episodes": info.episodes,
        "total_frames": info.frames,
        "total_tasks": info.tasks,
        "chunks_size": CHUNK_SIZE,
        "data_files_size_in_mb": DATA_FILE_MB,
        "video_files_size_in_mb": VIDEO_FILE_MB,
        "data_path": DATA_PATH,
        "video_path": VIDEO_PATH,
        "robot_type": info.robot_type,
        "splits": {"train": f"0:{info.episodes}"},
        **info.extra,
    }
    return json.dumps(data, indent=4, ensure_ascii=False).encode()


def stats_bytes(values: Mapping[str, FullStats]) -> bytes:
    """meta/stats.json."""
    return json.dumps({key: each.to_data() for key, each in values.items()}, indent=4).encode()


def tasks_table(tasks: Sequence[str]) -> pa.Table:
    """meta/tasks.parquet: what pandas reads as a frame whose index is `task`."""
    column = {"pandas_type": "unicode", "numpy_type": "object", "metadata": None}
    pandas = {
        "index_columns": ["task"],
        "column_indexes": [{"name": None, "field_name": None, **column}],
        "columns": [
            {
                "name": "task_index",
                "field_name": "task_index",
                "pandas_type": "int64",
                "numpy_type": "int64",
                "metadata": None,
            },
            {"name": "task", "field_name": "task", **column},
        ],
        "pandas_version": "2.0.0",
    }
    pandas["column_indexes"][0]["metadata"] = {"encoding": "UTF-8"}  # type: ignore[index]
    table = pa.table(
        {
            "task_index": pa.array(range(len(tasks)), pa.int64()),
            "task": pa.array(tasks, pa.string()),
        }
    )
    return table.replace_schema_metadata({b"pandas": json.dumps(pandas).encode()})


def episodes_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """meta/episodes: a row an episode; statistics are lists of doubles, counts of int64."""
    keys = list(rows[0])
    return pa.table(
        {key: pa.array([row[key] for row in rows], _type_of(key, rows[0][key])) for key in keys}
    )


def _type_of(key: str, value: Any) -> pa.DataType:
    if key == "tasks":
        return _list_of(pa.string())
    if isinstance(value, list):
        number = pa.int64() if key.endswith("/count") else pa.float64()
        depth = value
        type_: pa.DataType = number
        while isinstance(depth, list):
            type_, depth = _list_of(type_), depth[0]
        return type_
    return pa.float64() if isinstance(value, float) else pa.int64()


def _list_of(type_: pa.DataType) -> pa.DataType:
    return pa.list_(pa.field("element", type_))
