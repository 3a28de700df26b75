"""The frames and images of an episode, out of the files that episodes of v3.0 share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.dataset.format import Fields, Info, layout, read_parquet, require_flat
from lerecord.dataset.read.meta_v30 import PlacedEpisode
from lerecord.dataset.read.rows import column_of
from lerecord.dataset.storage import Segment
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_EPISODE = "episode_index"
_HUGGINGFACE = b"huggingface"


class FilesV30:
    """The files of the episodes of v3.0: `Files`.

    Args:
        root: the dataset's folder.
        info: of the dataset.
        episodes: by episode_index.
    """

    def __init__(self, root: Path, info: Info, episodes: Sequence[PlacedEpisode]) -> None:
        self._root = root
        self._number = info.features[_EPISODE]
        self._cameras = {key: place for place, key in enumerate(info.camera_keys)}
        self._episodes = episodes
        self._table: _SharedTable | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_table": None}

    def data(self, episode: int) -> Path:
        """As of `Files`."""
        return self._episodes[episode].data

    def frames(
        self, episode: int, columns: Sequence[str] | None = None, rows: int | None = None
    ) -> pa.Table:
        """As of `Files`; the table that they are in is kept for the next episode."""
        path = self.data(episode)
        wanted = None if columns is None else tuple(columns)
        if self._table is None or (self._table.path, self._table.columns) != (path, wanted):
            self._table = None  # two of them need not fit into memory
            self._table = self._read(path, wanted)
        found = self._table.of(episode)
        if rows is not None and len(found) != rows:
            raise DatasetError(
                f"{path} has {len(found)} frames of episode {episode} instead of {rows}; restore "
                f"it."
            )
        return found

    def video(self, episode: int, key: str) -> Segment:
        """As of `Files`."""
        return self._episodes[episode].videos[self._cameras[key]]

    def sidecar(self, episode: int) -> Path:
        """As of `Files`."""
        return self._root / layout.capture_file(episode)

    def names(self, episode: int, keys: Sequence[str]) -> list[str]:
        """As of `Files`."""
        paths = [self.data(episode), *(self.video(episode, key).path for key in keys)]
        data, *videos = (str(each.relative_to(self._root)) for each in paths)
        return [data, layout.capture_file(episode), *videos]

    def is_removed(self, name: str) -> bool:
        """As of `Files`: nothing of v3.0 is ever changed."""
        return False

    def _read(self, path: Path, columns: tuple[str, ...] | None) -> "_SharedTable":
        needed = columns is None or _EPISODE in columns
        table = read_parquet(path, columns if needed else [*(columns or ()), _EPISODE])
        try:
            numbers = column_of(table, self._number)
        except (KeyError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
        kept = table if columns is None else table.select(list(columns))
        order = np.argsort(numbers, kind="stable")
        return _SharedTable(path, columns, _for_any_datasets(kept), order, numbers[order])


@dataclass(frozen=True, slots=True, eq=False)
class _SharedTable:
    """A file of frames.

    Attributes:
        path: of the file.
        columns: that were read; None of all.
        table: the N frames.
        order: (N,) the frames in the order of their episodes.
        numbers: (N,) the episodes of these, rising.
    """

    path: Path
    columns: tuple[str, ...] | None
    table: pa.Table
    order: NDArray[np.intp]
    numbers: NDArray[Any]

    def of(self, episode: int) -> pa.Table:
        """The frames of an episode, in the order in which they stand."""
        first, end = np.searchsorted(self.numbers, [episode, episode + 1])
        rows = self.order[first:end]
        if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
            return self.table.slice(int(rows[0]), len(rows)).combine_chunks()
        return self.table.take(rows).combine_chunks()


def _for_any_datasets(table: pa.Table) -> pa.Table:
    """The table with the features' types under names that every release of `datasets` reads."""
    told = (table.schema.metadata or {}).get(_HUGGINGFACE)
    if told is None or b'"List"' not in told:
        return table
    values = Fields.parsed(told, "The table's metadata").values
    require_flat(values, "The table's metadata")
    data = json.dumps(_renamed(values)).encode()
    return table.replace_schema_metadata({**table.schema.metadata, _HUGGINGFACE: data})


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        renamed = {key: _renamed(each) for key, each in value.items()}
        return {**renamed, "_type": "Sequence"} if value.get("_type") == "List" else renamed
    return [_renamed(each) for each in value] if isinstance(value, list) else value
