"""A queue that never drops and never grows: what memory does not hold waits on the disk."""

import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np

from lerecord.frame import Image

MEMORY_LIMIT_BYTES = 16 << 20

_Other = TypeVar("_Other")


class _File:
    """One take's waiting images; closed when it is retired and the last of them was fetched."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb+", buffering=0)
        path.unlink()  # nameless: its room is free again whatever ends the process
        self._waiting = 0
        self._retired = False

    def write(self, data: bytes) -> int:
        """Add to the end; returns the offset."""
        offset = self._file.seek(0, os.SEEK_END)
        rest = memoryview(data)
        while rest:  # an unbuffered write may take a part
            rest = rest[self._file.write(rest) :]
        self._waiting += 1
        return offset

    def fetch(self, offset: int, size: int) -> bytes:
        data = os.pread(self._file.fileno(), size, offset)
        self._waiting -= 1
        self._close_if_done()
        return data

    def retire(self) -> None:
        """Nothing more will be written."""
        self._retired = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._retired and self._waiting == 0:
            self._file.close()


@dataclass(frozen=True, slots=True)
class _Spooled:
    """An image whose data lies in a file; shape None for JPEG bytes, else that of the pixels."""

    file: _File
    offset: int
    size: int
    shape: tuple[int, ...] | None
    captured_at: float
    sequence: int

    def fetched(self) -> Image:
        data = self.file.fetch(self.offset, self.size)
        pixels = None if self.shape is None else np.frombuffer(data, np.uint8).reshape(self.shape)
        return Image(data if pixels is None else pixels, self.captured_at, self.sequence)


class SpoolingQueue(Generic[_Other]):
    """First in, first out, from one thread to another: images, and whatever goes between them.

    Args:
        limit_bytes: of image data that may wait in memory; more waits in the file.
    """

    def __init__(self, limit_bytes: int = MEMORY_LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._items: deque[Image | _Spooled | _Other] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._file: _File | None = None
        self.spooled = 0
        """Images that went through the file."""

    def spool_to(self, path: Path) -> None:
        """Let images that do not fit into memory wait in a new file from now on."""
        with self._changed:
            self._retire()
            self._file = _File(path)

    def close(self) -> None:
        """Spool no more; what waits can still be got."""
        with self._changed:
            self._retire()

    def put(self, item: Image | _Other) -> None:
        """Add to the end."""
        with self._changed:
            if not isinstance(item, Image):
                self._items.append(item)
            elif self._waiting_bytes + _size(item) <= self._limit_bytes or self._file is None:
                self._waiting_bytes += _size(item)
                self._items.append(item)
            else:
                self._items.append(self._written(item, self._file))
            self._changed.notify()

    def get(self) -> Image | _Other:
        """Wait for the first and take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            item = self._items.popleft()
            if isinstance(item, Image):
                self._waiting_bytes -= _size(item)
            return item.fetched() if isinstance(item, _Spooled) else item

    def __len__(self) -> int:
        return len(self._items)

    def _retire(self) -> None:
        if self._file is not None:
            self._file.retire()
            self._file = None

    def _written(self, image: Image, file: _File) -> _Spooled:
        pixels = None if isinstance(image.data, bytes) else image.data.shape
        offset = file.write(image.data if isinstance(image.data, bytes) else image.data.tobytes())
        self.spooled += 1
        return _Spooled(file, offset, _size(image), pixels, image.captured_at, image.sequence)


def _size(image: Image) -> int:
    return len(image.data) if isinstance(image.data, bytes) else image.data.nbytes
