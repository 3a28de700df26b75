"""What was done of a batch, line by line: a killed worker's successor goes on behind the last."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_END: Mapping[str, Any] = {"end": True}


class Journal:
    """The journal of one batch.

    Args:
        path: of its file.
        digest: of what the batch is to write; lines about anything else do not count.
    """

    def __init__(self, path: Path, digest: str) -> None:
        self._path = path
        self._digest = digest

    @contextmanager
    def opened(self) -> Iterator["Lines"]:
        """Go on with it; another process that has it open is waited for."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            entries, length = _read(self._path.read_bytes(), self._digest)
            os.ftruncate(descriptor, length)
            os.lseek(descriptor, 0, os.SEEK_END)
            lines = Lines(descriptor, entries)
            if not length:
                lines.write({"digest": self._digest})
            yield lines
        finally:
            os.close(descriptor)

    def entries(self) -> list[Mapping[str, Any]] | None:
        """Its lines, one an episode; None unless all of the batch is done."""
        try:
            entries, _ = _read(self._path.read_bytes(), self._digest)
        except FileNotFoundError:
            return None
        return entries[:-1] if entries and entries[-1] == _END else None

    def drop(self) -> None:
        """Have the batch done again."""
        self._path.unlink(missing_ok=True)


class Lines:
    """The lines of an open journal.

    Args:
        descriptor: of its file.
        entries: that it has so far.
    """

    def __init__(self, descriptor: int, entries: list[Mapping[str, Any]]) -> None:
        self._descriptor = descriptor
        self._entries = entries

    @property
    def is_ended(self) -> bool:
        """True when the batch is done."""
        return bool(self._entries) and self._entries[-1] == _END

    def __len__(self) -> int:
        """Episodes."""
        return len(self._entries) - self.is_ended

    def add(self, entry: Mapping[str, Any]) -> None:
        """An episode is done."""
        self.write(entry)
        self._entries.append(entry)

    def end(self) -> None:
        """The batch is done."""
        self.add(_END)

    def write(self, line: Mapping[str, Any]) -> None:
        """Write one line."""
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]


def _read(data: bytes, digest: str) -> tuple[list[Mapping[str, Any]], int]:
    """The entries behind the digest, and where the last of them ends."""
    entries: list[Mapping[str, Any]] = []
    length = 0
    for line in data.splitlines(keepends=True):
        try:
            entry = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or (not length and entry != {"digest": digest}):
            break
        if length:
            entries.append(entry)
        length += len(line)
    return entries, length
