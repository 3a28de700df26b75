"""Reading parquet files that somebody else may have made: what they unpack to is bounded first."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.commands import for_dataset
from lerecord.dataset.format.bounded import MB, open_regular
from lerecord.dataset.format.fields import shown
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_SMALL = 4 * MB
"""Up to this size a file is read at once; mapping it and starting threads would cost more."""
_ALWAYS_FINE = 256 * MB
_MOST_TIMES = 50
"""How much larger than the file the rows may be: repeated values are stored once."""
_SIZES = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}


def read_parquet(
    path: Path, columns: Sequence[str] | None = None, rows: int | None = None
) -> pa.Table:
    """A table, or some of its columns.

    Args:
        path: of the file.
        columns: their names in the order in which they are wanted; None means all.
        rows: how many there have to be; None means any number.

    Raises:
        DatasetError: it is missing, cannot be read, lacks a column, has another number of rows or
            would unpack to far more than it should.
    """
    try:
        with _opened(path) as (parquet, size):
            _check_rows(path, parquet.metadata.num_rows, rows)
            _check_size(path, parquet.metadata, size)
            wanted = None if columns is None else _present(path, parquet, columns)
            table = parquet.read(columns=wanted, use_threads=size > _SMALL)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
    return table if columns is None else table.select(list(columns))


def rows_of(path: Path) -> int:
    """How many rows a table says that it has; raises DatasetError."""
    try:
        with _opened(path) as (parquet, _):
            return int(parquet.metadata.num_rows)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error


def columns_in(path: Path) -> list[str]:
    """The names of a table's columns, in their order.

    Raises:
        DatasetError: it is missing, cannot be read, or has two columns of one name.
    """
    try:
        with _opened(path) as (parquet, _):
            names: list[str] = parquet.schema_arrow.names
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DatasetError(
            f"{path} has the column {shown(twice[0])} twice; restore it from a copy."
        )
    return names


@contextmanager
def _opened(path: Path) -> Iterator[tuple[pq.ParquetFile, int]]:
    """A file and its size in bytes."""
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        small = pa.BufferReader(file.read()) if size <= _SMALL else None
    source = pa.memory_map(str(path)) if small is None else small
    with source, pq.ParquetFile(source, pre_buffer=False) as parquet:
        yield parquet, size


def _present(path: Path, parquet: pq.ParquetFile, columns: Sequence[str]) -> list[str]:
    names = parquet.schema_arrow.names
    if lost := [each for each in columns if each not in names]:
        raise DatasetError(f"{path} lacks the column {lost[0]!r}; restore it from a copy.")
    return list(columns)


def _check_rows(path: Path, found: int, due: int | None) -> None:
    if due is not None and found != due:
        raise DatasetError(
            f"{path} has {found} rows instead of {due}; {for_dataset('check', path)} lists "
            f"everything."
        )


def _check_size(path: Path, metadata: pq.FileMetaData, file_bytes: int) -> None:
    unpacked = 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for number in range(row_group.num_columns):
            column = row_group.column(number)
            each = _SIZES.get(column.physical_type, 0)
            unpacked += max(column.num_values * each, column.total_uncompressed_size)
    if unpacked > max(_ALWAYS_FINE, file_bytes * _MOST_TIMES):
        raise DatasetError(
            f"{path} has {file_bytes / MB:.1f} MB and would unpack to {unpacked / MB:.0f} MB; it "
            f"is no table of a recording: restore it from a copy."
        )
