"""The statistics of episodes in meta/episodes, as arrays: some 2 kB an episode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.dataset.format import (
    Feature,
    FeatureStats,
    Info,
    Stats,
    columns_in,
    read_parquet,
    to_numpy,
)
from lerecord.dataset.read.meta_v30 import STATS_PREFIX
from lerecord.errors import DatasetError

_FOLDED_AT_ONCE = 14_000
"""Episodes; more are not made objects of all at a time."""
_EXACT = 2**53
_COUNTABLE = 2**31


def read_stats(info: Info, rows: Sequence[tuple[Path, int]]) -> Sequence[Stats]:
    """The statistics of each episode.

    Args:
        info: of the dataset.
        rows: of each episode, the file and the row in it.

    Raises:
        DatasetError: a file cannot be read, or has statistics of another form than LeRobot's.
    """
    tables = {path: _read(path, info) for path in dict.fromkeys(path for path, _ in rows)}
    found = StatsV30(tables, rows)
    return tuple(found) if len(found) <= _FOLDED_AT_ONCE else found


@dataclass(frozen=True, slots=True, eq=False)
class _Columns:
    """A feature's statistics in N episodes, (N, ...) each; of a shape that FeatureStats has."""

    min: NDArray[Any]
    max: NDArray[Any]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    count: NDArray[np.int64]

    def of(self, row: int) -> FeatureStats:
        """Those of an episode."""
        return FeatureStats(
            self.min[row], self.max[row], self.mean[row], self.std[row], int(self.count[row])
        )


@dataclass(frozen=True, slots=True, eq=False)
class StatsV30(Sequence[Stats]):
    """The statistics of episodes.

    Attributes:
        tables: by file and feature.
        rows: of each episode, the file and the row in it.
    """

    tables: Mapping[Path, Mapping[str, _Columns]]
    rows: Sequence[tuple[Path, int]]

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, episode: int) -> Stats: ...

    @overload
    def __getitem__(self, episode: slice) -> Sequence[Stats]: ...

    def __getitem__(self, episode: int | slice) -> Stats | Sequence[Stats]:
        """Those of an episode, or of some."""
        if isinstance(episode, slice):
            return [self[each] for each in range(*episode.indices(len(self)))]
        path, row = self.rows[episode]
        return {key: each.of(row) for key, each in self.tables[path].items()}


def _read(path: Path, info: Info) -> dict[str, _Columns]:
    names = set(columns_in(path))
    wanted = {key: f"{STATS_PREFIX}{key}/" for key in info.features}
    wanted = {key: prefix for key, prefix in wanted.items() if f"{prefix}mean" in names}
    due = [prefix + each.name for prefix in wanted.values() for each in fields(_Columns)]
    table = read_parquet(path, due)
    if not len(table):
        return {}
    return {
        key: _columns(path, table, info.features[key], prefix)
        for key, prefix in wanted.items()
        if not pa.types.is_null(table[f"{prefix}mean"].type)
    }


def _columns(path: Path, table: pa.Table, feature: Feature, prefix: str) -> _Columns:
    values = {name: _numbers(path, table, prefix + name) for name in ("min", "max", "mean", "std")}
    shape = values["min"].shape
    for name, each in values.items():
        if each.shape != shape or each.ndim < 2:
            raise _refusal(path, prefix + name)
    if feature.kinds == "iu":  # which v3.0 keeps as floats
        for name in ("min", "max"):
            if (np.abs(values[name]) < _EXACT).all():
                values[name] = values[name].astype(np.int64)
    count = _numbers(path, table, f"{prefix}count").reshape(len(table), -1)
    if count.shape[1] != 1 or not ((count >= 1) & (count < _COUNTABLE)).all():
        raise _refusal(path, f"{prefix}count")
    return _Columns(**values, count=count[:, 0].astype(np.int64))


def _numbers(path: Path, table: pa.Table, name: str) -> NDArray[np.float64]:
    """(N, ...) of a column of lists of numbers, all of them equally long."""
    try:
        values = to_numpy(table, name)
    except (pa.ArrowException, ValueError) as error:
        raise _refusal(path, name) from error
    if values.dtype.kind not in "biuf":
        raise _refusal(path, name)
    return values.astype(np.float64)


def _refusal(path: Path, name: str) -> DatasetError:
    return DatasetError(
        f"{path} has a column {name} that is not of LeRobot's form; restore it from a copy."
    )
