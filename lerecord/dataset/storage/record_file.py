"""Append-only files of fixed-size records that survive a kill or a power cut.

A line of JSON says what the records are; then each record is its bytes and their CRC-32. What is
torn or was never written ends the file for a reader: every record before it is whole.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.storage.sync import datasync
from lerecord.errors import DatasetError

_CRC_SIZE = 4
_HEADER_LIMIT = 65536


class RecordFile:
    """The writing end. Each record is handed to the kernel at once, so a kill loses none.

    Args:
        path: must not exist yet.
        dtype: packed structured type of a record.
        header: JSON-able, what a reader needs to know to read the records.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], header: Mapping[str, Any]) -> None:
        self._dtype = dtype
        self._synced = False
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        self._write(json.dumps(header, ensure_ascii=False).encode() + b"\n")

    def append(self, *values: Any) -> None:
        """Append one record, its values in the order of the fields."""
        data = np.array([values], dtype=self._dtype).tobytes()
        self._write(data + zlib.crc32(data).to_bytes(_CRC_SIZE, "little"))

    def sync(self) -> None:
        """Wait until every record is on the disk."""
        if not self._synced:
            datasync(self._descriptor)
            self._synced = True

    def close(self) -> None:
        """Sync and close; may be called twice."""
        if self._descriptor >= 0:
            try:
                self.sync()
            finally:
                descriptor, self._descriptor = self._descriptor, -1
                os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        self._synced = False
        while data:
            data = data[os.write(self._descriptor, data) :]


def read_header(path: Path) -> dict[str, Any]:
    """The header of a record file.

    Raises:
        DatasetError: the file is missing or ends within its header.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(_HEADER_LIMIT)
    except FileNotFoundError:
        raise DatasetError(f"{path} is missing; the take is not complete.") from None
    try:
        header = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise DatasetError(f"{path} was torn before its first record; it holds nothing to keep.")
    return header


def read_records(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Every whole record, as a structured array; a torn end is left out.

    Raises:
        DatasetError: as `read_header`.
    """
    read_header(path)
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    size = dtype.itemsize + _CRC_SIZE
    body = memoryview(data)[start:]
    whole = len(body) // size
    records = np.frombuffer(body, dtype=np.uint8, count=whole * size).reshape(whole, size)
    crcs = records[:, -_CRC_SIZE:].copy().view("<u4").ravel()
    contents = np.ascontiguousarray(records[:, :-_CRC_SIZE])
    good = 0
    while good < whole and zlib.crc32(contents[good].data) == crcs[good]:
        good += 1
    return contents[:good].view(dtype).reshape(good)
