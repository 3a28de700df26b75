"""The parquet file of an episode, its columns and its statistics, as LeRobot v2.1 has them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.commands import for_dataset
from lerecord.dataset.format import stats
from lerecord.dataset.format.arrow_columns import to_arrow, to_numpy, vector_type
from lerecord.dataset.format.label_features import LABEL_FEATURES, has_labels
from lerecord.dataset.format.parquet_file import read_parquet
from lerecord.dataset.format.rollout_features import (
    POLICY_ACTION,
    ROLLOUT_FEATURES,
    Extras,
    has_rollouts,
)
from lerecord.dataset.format.spec import DEFAULT_FEATURES, VECTORS, DatasetSpec
from lerecord.dataset.format.stats import Histogram, Stats
from lerecord.errors import DatasetError
from lerecord.refusals import to_read


@dataclass(frozen=True, slots=True)
class Place:
    """Where an episode stands in its dataset: what its rows' index columns follow from."""

    episode: int
    first_row: int
    task: int
    fps: int


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeColumns:
    """The columns of an episode's parquet; N rows, D joints."""

    action: NDArray[np.float32]
    state: NDArray[np.float32]
    timestamp: NDArray[np.float32]
    frame_index: NDArray[np.int64]
    episode_index: NDArray[np.int64]
    index: NDArray[np.int64]
    task_index: NDArray[np.int64]
    extras: Extras = field(default_factory=dict)

    @classmethod
    def of(cls, vectors: "Vectors", place: Place) -> Self:
        """The columns of recorded rows at a place in the dataset."""
        action, state = vectors.action, vectors.state
        frame_index = np.arange(len(action), dtype=np.int64)
        return cls(
            action=action,
            state=state,
            timestamp=timestamps(len(action), place.fps),
            frame_index=frame_index,
            episode_index=np.full_like(frame_index, place.episode),
            index=frame_index + place.first_row,
            task_index=np.full_like(frame_index, place.task),
            extras=vectors.extras,
        )

    def __len__(self) -> int:
        return len(self.frame_index)

    def by_feature(self) -> dict[str, NDArray[Any]]:
        """Feature name to column, in LeRobot's order without the cameras."""
        return {
            "action": self.action,
            "observation.state": self.state,
            **{name: getattr(self, name) for name in DEFAULT_FEATURES},
            **self.extras,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """What the parquet of an episode says that does not follow from its place.

    Attributes:
        action, state: (N, D) each.
        extras: the columns of rollouts and of labels, where the dataset has them.
    """

    action: NDArray[np.float32]
    state: NDArray[np.float32]
    extras: Extras = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.action)

    def at(self, place: Place) -> EpisodeColumns:
        """The columns at a place in the dataset."""
        return EpisodeColumns.of(self, place)

    def part(self, rows: range) -> "Vectors":
        """Only these frames."""
        kept = slice(rows.start, rows.stop)
        extras = {name: each[kept] for name, each in self.extras.items()}
        return Vectors(self.action[kept], self.state[kept], extras)


def timestamps(rows: int, fps: int) -> NDArray[np.float32]:
    """float32(frame_index / fps): LeRobot refuses anything else."""
    return (np.arange(rows) / fps).astype(np.float32)


def episode_stats(
    columns: EpisodeColumns, histograms: Mapping[str, Histogram], spec: DatasetSpec
) -> Stats:
    """The statistics of an episode, in the order of the features.

    Args:
        columns: its rows.
        histograms: camera name to the histogram of its images.
        spec: names the cameras.
    """
    values = columns.by_feature()
    vectors = {key: stats.of_column(values.pop(key)) for key in VECTORS}
    cameras = {
        camera.key: stats.of_pictures(histograms[camera.name], len(columns))
        for camera in spec.cameras
    }
    return {**vectors, **cameras, **{key: stats.of_column(each) for key, each in values.items()}}


def placed_stats(content: Stats, rows: int, place: Place) -> Stats:
    """The statistics of an episode of `rows` rows at another place: the index columns' follow."""
    return content | {
        "episode_index": stats.of_constant(place.episode, rows),
        "index": stats.of_range(place.first_row, rows),
        "task_index": stats.of_constant(place.task, rows),
    }


def write_episode(path: Path, columns: EpisodeColumns) -> None:
    """Write the parquet file of an episode."""
    arrays = [to_arrow(column) for column in columns.by_feature().values()]
    schema = schema_of(columns.action.shape[1], columns.state.shape[1], tuple(columns.extras))
    write_table(path, pa.Table.from_arrays(arrays, schema=schema))


def write_table(path: Path, table: pa.Table) -> None:
    """Write the parquet file of a table that has the columns of an episode."""
    encoded = pa.BufferOutputStream()  # Arrow writes a file in many small pieces
    pq.write_table(table, encoded, compression="snappy")
    path.write_bytes(encoded.getvalue())


def read_episode(path: Path) -> EpisodeColumns:
    """Read the parquet file of an episode.

    Raises:
        DatasetError: it is missing, not readable, or lacks a column.
    """
    return _columns_of(path, read_parquet(path))


def _columns_of(path: Path, table: pa.Table) -> EpisodeColumns:
    try:
        values = {name: to_numpy(table, name) for name in (*VECTORS, *DEFAULT_FEATURES)}
        extras = {name: to_numpy(table, name) for name in extras_of(table.column_names)}
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
    return EpisodeColumns(
        action=values.pop("action"),
        state=values.pop("observation.state"),
        extras=extras,
        **values,
    )


def extras_of(names: Sequence[str]) -> list[str]:
    """The columns of rollouts and of labels that a table has, when it has all of them."""
    rollouts = ROLLOUT_FEATURES if has_rollouts(names) else ()
    return [*rollouts, *(LABEL_FEATURES if has_labels(names) else ())]


def read_entire(path: Path) -> Vectors:
    """Read the parquet file of an episode that will be written again, with nothing lost.

    Raises:
        DatasetError: as `read_episode`, or as `entire`.
    """
    return entire(read_parquet(path), path)


def entire(table: pa.Table, path: Path) -> Vectors:
    """The frames of an episode that will be written again, with nothing lost.

    Args:
        table: all columns of its frames.
        path: the file that they are from.

    Raises:
        DatasetError: it lacks a column, has a column or a type that is not kept, or rows of several
            tasks.
    """
    try:
        vectors = {name: to_numpy(table, name) for name in VECTORS}
        scalars = {name: table[name] for name in _SCALARS}
        extras = {name: to_numpy(table, name) for name in extras_of(table.column_names)}
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
    kept = {*vectors, *scalars, *extras}
    lost = [name for name in table.column_names if name not in kept]
    lost += [name for name, each in extras.items() if each.dtype != _EXTRAS[name]]
    lost += [name for name, each in vectors.items() if each.dtype != np.float32 or each.ndim != 2]
    lost += [
        name for name, each in scalars.items() if each.type != _SCALARS[name] or each.null_count
    ]
    if lost:
        raise DatasetError(
            f"{path} has a column {lost[0]} that lerecord would not keep as it is, so the dataset "
            f"is not changed; change it with the recorder that made it."
        )
    tasks = to_numpy(table, "task_index")
    if (tasks != tasks[:1]).any():
        raise DatasetError(
            f"{path} has frames of several tasks, and lerecord keeps one an episode, so the "
            f"dataset is not changed; {for_dataset('check', path)} names the frames."
        )
    return Vectors(vectors["action"], vectors["observation.state"], extras)


_EXTRAS = ROLLOUT_FEATURES | LABEL_FEATURES
_SCALARS = {name: pa.from_numpy_dtype(np.dtype(dtype)) for name, dtype in DEFAULT_FEATURES.items()}


@lru_cache(maxsize=16)
def schema_of(action_width: int, state_width: int, extras: tuple[str, ...]) -> pa.Schema:
    """Of a parquet file, with the features as `datasets` wants them described."""
    widths = {"action": action_width, "observation.state": state_width}
    widths |= {name: action_width for name in extras if name == POLICY_ACTION}
    further = {name: _EXTRAS[name] for name in extras if name != POLICY_ACTION}
    # "Sequence" is the name that every release of `datasets` reads.
    vectors = {
        name: {
            "feature": {"dtype": "float32", "_type": "Value"},
            "length": width,
            "_type": "Sequence",
        }
        for name, width in widths.items()
    }
    plain = {**DEFAULT_FEATURES, **further}
    scalars = {name: {"dtype": dtype, "_type": "Value"} for name, dtype in plain.items()}
    info = {"info": {"features": {**vectors, **scalars}}}
    types: dict[str, Any] = {
        name: vector_type(width, pa.float32()) for name, width in widths.items()
    }
    types |= {name: pa.from_numpy_dtype(np.dtype(dtype)) for name, dtype in plain.items()}
    order = ("action", "observation.state", *DEFAULT_FEATURES, *extras)
    return pa.schema(
        [(name, types[name]) for name in order], metadata={"huggingface": json.dumps(info)}
    )
