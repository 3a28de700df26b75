"""Reading Arrow files that somebody else may have made: nothing in them may unpack to more.

lerecord writes its sidecars without compression and without dictionaries, as columns of numbers; so
what a file holds in memory is no more than its size on the disk.
"""

import os
import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc

from lerecord.dataset.format.bounded import MB, open_regular
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_MOST_BYTES = 1024 * MB
_MAGIC = b"ARROW1\0\0"
_HEADER, _COMPRESSION = 2, 3
"""Fields of the tables Message and RecordBatch in Arrow's format/Message.fbs and Schema.fbs."""


def read_arrow(path: Path) -> pa.Table:
    """A table of numbers.

    Raises:
        DatasetError: it is missing, cannot be read, or is of another kind than lerecord writes.
    """
    try:
        os.close(open_regular(path))
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise _refusal(path, f"it has {size / MB:.0f} MB")
        with pa.OSFile(str(path), "rb") as file:
            rows = _measured(path, file)
            if rows > size:
                raise _refusal(path, f"it says that it has {rows} rows")
            file.seek(0)
            return pa.ipc.open_file(file).read_all()
    except (OSError, pa.ArrowException, EOFError, struct.error, IndexError) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error


def _measured(path: Path, file: Any) -> int:
    """How many rows its batches say that they have."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _refusal(path, "it is not an Arrow file")
    rows = 0
    schema = pa.ipc.read_message(file)
    for field in pa.ipc.read_schema(schema):
        if not _is_number(field.type):
            raise _refusal(path, f"its column {field.name!r} is {field.type}")
    while True:
        try:
            message = pa.ipc.read_message(file)
        except EOFError:  # the end-of-stream mark; the footer stands behind it
            return rows
        if message.type != "record batch":
            raise _refusal(path, f"it holds a {message.type}")
        batch = _table(message.metadata, _root(message.metadata), _HEADER)
        if _place(message.metadata, batch, _COMPRESSION) is not None:
            raise _refusal(path, "it is compressed")
        rows += _length(message.metadata, batch)


def _is_number(kind: pa.DataType) -> bool:
    if pa.types.is_fixed_size_list(kind):
        kind = kind.value_type
    is_kind = pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating
    return any(each(kind) for each in is_kind)


def _refusal(path: Path, fact: str) -> DatasetError:
    return DatasetError(f"{path} is not a lerecord sidecar: {fact}; restore it.")


# What is needed of FlatBuffers: a table begins with the distance to its list of fields' places.


def _root(data: Any) -> int:
    return int(struct.unpack_from("<I", data, 0)[0])


def _place(data: Any, table: int, field: int) -> int | None:
    fields = table - struct.unpack_from("<i", data, table)[0]
    slot = 4 + 2 * field
    if slot >= struct.unpack_from("<H", data, fields)[0]:
        return None
    offset = struct.unpack_from("<H", data, fields + slot)[0]
    return table + offset if offset else None


def _table(data: Any, table: int, field: int) -> int:
    place = _place(data, table, field)
    if place is None:
        raise IndexError("a record batch has no header")
    return place + int(struct.unpack_from("<I", data, place)[0])


def _length(data: Any, batch: int) -> int:
    place = _place(data, batch, 0)
    return 0 if place is None else int(struct.unpack_from("<q", data, place)[0])
