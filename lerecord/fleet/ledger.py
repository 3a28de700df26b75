"""What checks found, episode by episode, so that what has not changed is not read again."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from lerecord import __version__
from lerecord.dataset.format import layout, stats
from lerecord.dataset.read import Stored
from lerecord.dataset.verify import Episode, Finding, Report


@dataclass(frozen=True, slots=True)
class Entry:
    """What the check of an episode found.

    Attributes:
        episode: its number.
        fingerprint: of everything that was looked at.
        quick: no image was decoded.
        report: what was found.
    """

    episode: int
    fingerprint: str
    quick: bool
    report: Report

    def serves(self, fingerprint: str, quick: bool) -> bool:
        """True when a check would find the same."""
        return self.fingerprint == fingerprint and (quick or not self.quick)

    def to_line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self | None:
        """The inverse; None of a line that was not finished."""
        try:
            data = json.loads(line)
            report = data.pop("report")
            found = Report(
                findings=[Finding(**each) for each in report["findings"]],
                remarks=[Finding(**each) for each in report["remarks"]],
                unchecked=report["unchecked"],
            )
            return cls(**data, report=found)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


class Ledger:
    """The entries of one dataset: a file for each batch of work, all in one folder.

    Args:
        folder: of the state.
        root: the dataset's folder.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        name = hashlib.sha256(os.fsencode(root)).hexdigest()[:24]
        self._folder = folder / "checked" / name

    def entries(self) -> dict[int, Entry]:
        """The newest of each episode."""
        found: dict[int, Entry] = {}
        for path in sorted(self._folder.glob("*.jsonl"), key=_age):
            for line in path.read_bytes().splitlines():
                if (entry := Entry.from_line(line)) is not None:
                    found[entry.episode] = entry
        return found

    def add(self, name: str, entry: Entry) -> None:
        """Keep an entry; `name` is that of the process's own file."""
        self._folder.mkdir(0o700, parents=True, exist_ok=True)
        with (self._folder / f"{name}.jsonl").open("ab") as file:
            file.write(entry.to_line())

    def keep_only(self, entries: Mapping[int, Entry]) -> None:
        """Keep these in one file; for when nobody adds any."""
        parts = list(self._folder.glob("*.jsonl"))
        if len(parts) < 2:
            return
        whole = self._folder / "0.jsonl"
        draft = self._folder / f".{os.getpid()}"
        draft.write_bytes(b"".join(each.to_line() for each in entries.values()))
        draft.replace(whole)
        for path in parts:
            if path != whole:
                path.unlink(missing_ok=True)


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name


def fingerprint_of(stored: Stored, episode: Episode) -> str:
    """What changes whenever a check of an episode could find something else.

    Its files are known by size and time of change; this is the version that wrote the checks.
    """
    record, info = episode.record, stored.info
    files = stored.files
    paths = [files.data(record.index), files.sidecar(record.index)]
    paths += [files.video(record.index, key).path for key in info.camera_keys]
    known: list[Any] = [
        __version__,
        [record.index, record.tasks, record.length, episode.first_row, episode.ours],
        [number for number, task in episode.tasks.items() if task in record.tasks],
        None if episode.stats is None else stats.to_data(episode.stats),
        [info.fps, info.features_data()],
        hashlib.sha256(stored.meta[layout.HARDWARE] or b"").hexdigest(),
        [_file(path) for path in paths],
    ]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()


def _file(path: Path) -> list[int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
