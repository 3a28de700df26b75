"""The table of an episode once more, at another place of its dataset: most of it stays."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lerecord.dataset.format import episode_table
from lerecord.dataset.format.episode_table import Place
from lerecord.dataset.format.parquet_file import read_parquet
from lerecord.dataset.format.spec import DEFAULT_FEATURES, VECTORS


def write_at(source: Path, target: Path, place: Place) -> None:
    """Write the parquet file of an episode that comes to stand at `place`, with nothing lost.

    The file is the same to the byte whether its columns were taken over or made anew.

    Raises:
        DatasetError: as `episode_table.read_entire`.
    """
    table = read_parquet(source)
    moved = _taken_over(table, place)
    if moved is None:
        episode_table.write_episode(target, episode_table.entire(table, source).at(place))
    else:
        episode_table.write_table(target, moved)


def _taken_over(table: pa.Table, place: Place) -> pa.Table | None:
    """The table at that place; None when it is in any way other than lerecord writes them."""
    columns = dict(zip(table.column_names, table.columns, strict=True))
    schema = _due(table.schema)
    if schema is None or not table.schema.equals(schema):
        return None
    if not all(map(_is_whole, columns.values())):
        return None
    tasks = columns["task_index"].chunk(0).to_numpy()
    if (tasks != tasks[0]).any():
        return None
    numbers = _numbers(len(tasks), place)
    return pa.Table.from_arrays(
        [numbers.get(name, column) for name, column in columns.items()], schema=schema
    )


def _due(found: pa.Schema) -> pa.Schema | None:
    """The schema of lerecord with vectors as wide as those of a table."""
    extras = episode_table.extras_of(found.names)
    if found.names != [*VECTORS, *DEFAULT_FEATURES, *extras]:
        return None
    types: list[Any] = [found.field(name).type for name in VECTORS]
    if not all(isinstance(each, pa.FixedSizeListType) for each in types):
        return None
    action, state = (each.list_size for each in types)
    return episode_table.schema_of(action, state, tuple(extras))


def _is_whole(column: Any) -> bool:
    """True when all of it is in one piece, and no value is missing."""
    if column.num_chunks != 1 or not len(column):
        return False
    array = column.chunk(0)
    values = array.values if isinstance(array, pa.FixedSizeListArray) else array
    return not array.null_count and not values.null_count


def _numbers(rows: int, place: Place) -> dict[str, Any]:
    """The columns that follow from the place."""
    return _counted(rows, place.fps) | {
        "episode_index": pa.array(np.full(rows, place.episode)),
        "index": pa.array(np.arange(place.first_row, place.first_row + rows)),
        "task_index": pa.array(np.full(rows, place.task)),
    }


@lru_cache(maxsize=16)
def _counted(rows: int, fps: int) -> dict[str, Any]:
    """The columns that count from an episode's beginning: many episodes are equally long."""
    return {
        "timestamp": pa.array(episode_table.timestamps(rows, fps)),
        "frame_index": pa.array(np.arange(rows, dtype=np.int64)),
    }
