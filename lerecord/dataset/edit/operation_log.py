"""What operations have replaced or removed, kept so that each of them can be undone.

`.lerecord/trash/<operation>/` holds the files of episodes that are in the dataset no more, each
with `.kept` behind its name so that nobody counts it, and a record of the list of episodes as it
was before. Files that were only numbered anew are not kept: they follow from the list.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from lerecord.commands import command
from lerecord.dataset.edit.episode_list import EpisodeList, Health, Slot, Stays
from lerecord.dataset.format import Fields, Stats, layout, metadata, stats
from lerecord.dataset.storage import Encoded, inside, size_of
from lerecord.errors import DatasetError

LIMIT_BYTES = 4_000_000_000
"""The oldest operations are dropped when all of them take more; the last is always kept."""

UNDO = "undo"
_RECORD = "operation.json"
_VERSION = 1
_SUFFIX = ".kept"
_LIMIT_BYTES = 40_000_000
_MOST = 10**7
_UNREADABLE = (
    DatasetError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)
_KIND = re.compile("[a-z]{1,20}(-[a-z]{1,20})?")
_FOLDER = re.compile(f"([0-9]{{6,9}})-{_KIND.pattern}")


@dataclass(frozen=True, slots=True)
class Run:
    """Episodes of the list before that are still in the dataset, one behind the other.

    Attributes:
        now: index of the first after the operation.
        count: of them.
        task: that each of them had.
    """

    now: int
    count: int
    task: str

    def to_data(self) -> dict[str, Any]:
        """For the record."""
        return {"now": self.now, "count": self.count, "task": self.task}


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An episode of the list before whose files lie in the trash.

    Attributes:
        index: that it had.
        task: likewise.
        stats: likewise.
        health: likewise; None when it had none.
        sidecar: True when it had one.
        missing: its files that were not there any more, as paths in the dataset.
    """

    index: int
    task: str
    stats: Stats
    health: Health | None
    sidecar: bool
    missing: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """For the record."""
        return {
            "kept": self.index,
            "task": self.task,
            "stats": stats.to_data(self.stats),
            "health": self.health,
            "sidecar": self.sidecar,
            **({"missing": self.missing} if self.missing else {}),
        }


@dataclass(frozen=True, slots=True)
class Done:
    """What an operation was: its kind, and how it was asked for."""

    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Operation:
    """The record of an operation.

    Attributes:
        done: what it was.
        undone: of an undo, the operation that it undid; None of any other.
        episodes: in the dataset right after it.
        digest: of those episodes; an operation is undone where they are the same still.
        before: the list of episodes before it.
        encoded: what the dataset said of its videos before; None where that stayed.
    """

    done: Done
    undone: Done | None
    episodes: int
    digest: str
    before: tuple[Run | Kept, ...]
    encoded: Encoded | None = None

    def to_bytes(self) -> bytes:
        """The file."""
        data = {
            "version": _VERSION,
            "kind": self.done.kind,
            "said": self.done.said,
            "undone": None if self.undone is None else [self.undone.kind, self.undone.said],
            "episodes": self.episodes,
            "digest": self.digest,
            "before": [each.to_data() for each in self.before],
            "encoded": None if self.encoded is None else self.encoded.to_data(),
        }
        return json.dumps(data, ensure_ascii=False).encode()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """From the parsed file.

        Raises:
            KeyError, TypeError, ValueError: no operation leaves such a record.
        """
        episodes = _count(data["episodes"])
        undone, encoded = data["undone"], data.get("encoded")
        return cls(
            done=_done(data["kind"], data["said"]),
            undone=None if undone is None else _done(*undone),
            episodes=episodes,
            digest=_text(data["digest"]),
            before=_before(data["before"], episodes),
            encoded=None if encoded is None else Encoded.from_data(encoded),
        )


def _before(data: Any, episodes: int) -> tuple[Run | Kept, ...]:
    """The list before: what was kept stands at its own index, what stays is there once."""
    before: list[Run | Kept] = []
    length, found = 0, set[int]()
    for each in data:
        was = _was(each)
        if isinstance(was, Kept):
            if was.index != length:
                raise ValueError(f"episode {was.index} cannot have been the one after {length - 1}")
            length += 1
        else:
            if was.count < 1 or was.now + was.count > episodes:
                raise ValueError(f"there are no {was.count} episodes from {was.now} on")
            run = range(was.now, was.now + was.count)
            if not found.isdisjoint(run):
                raise ValueError(f"an episode from {was.now} on stands twice in the list")
            found.update(run)
            length += was.count
        before.append(was)
    return tuple(before)


def _was(data: Mapping[str, Any]) -> Run | Kept:
    if "now" in data:
        return Run(_count(data["now"]), _count(data["count"]), _text(data["task"]))
    if not isinstance(data["health"], dict | None) or not isinstance(data["sidecar"], bool):
        raise TypeError("what was kept of an episode is not told as lerecord tells it")
    return Kept(
        index=_count(data["kept"]),
        task=_text(data["task"]),
        stats=stats.from_fields(Fields(data["stats"], "The statistics in the trash")),
        health=data["health"],
        sidecar=data["sidecar"],
        missing=tuple(map(_text, data.get("missing", ()))),
    )


def _done(kind: Any, said: Any) -> Done:
    if not _KIND.fullmatch(_text(kind)):
        raise ValueError(f"{kind!r:.100} is no kind of operation")
    return Done(kind, _text(said))


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError(f"{value!r:.100} is no number of episodes")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.100} is not text")
    value.encode()  # half a surrogate pair could never be written again
    return value


def list_before(old: EpisodeList, slots: Sequence[Slot]) -> tuple[Run | Kept, ...]:
    """How the old list is found again from the new one."""
    now = {slot.old: index for index, slot in enumerate(slots) if isinstance(slot, Stays)}
    before: list[Run | Kept] = []
    for record in old.records:
        index, task = record.index, old.task(record.index)
        last = before[-1] if before else None
        if index not in now:
            kept = Kept(index, task, old.stats[index], old.health.get(index), index in old.sidecars)
            before.append(kept)
        elif isinstance(last, Run) and (last.now + last.count, last.task) == (now[index], task):
            before[-1] = Run(last.now, last.count + 1, task)
        else:
            before.append(Run(now[index], 1, task))
    return tuple(before)


def digest_of(episodes: bytes, episodes_stats: bytes, count: int) -> str:
    """What the first `count` episodes are known by: their lines."""
    digest = hashlib.sha256()
    for data in (episodes, episodes_stats):
        for line in [line for line in data.splitlines() if line.strip()][:count]:
            digest.update(line + b"\n")
    return digest.hexdigest()


def kept_files(kept: Kept, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each file of an episode: its path in the dataset before, and its name in the trash."""
    return (each for each in _files(kept, keys) if each[0] not in kept.missing)


def with_missing(root: Path, kept: Kept, keys: Sequence[str]) -> Kept:
    """The same, knowing which of its files are not there: they cannot be kept."""
    missing = tuple(name for name, _ in _files(kept, keys) if not (root / name).is_file())
    return replace(kept, missing=missing)


def _files(kept: Kept, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    stem = f"episode_{kept.index:06d}"
    yield layout.data_file(kept.index), f"{stem}.parquet{_SUFFIX}"
    if kept.sidecar:
        yield layout.capture_file(kept.index), f"{stem}.arrow{_SUFFIX}"
    for key in keys:
        yield layout.video_file(kept.index, key), f"{stem}.{key}.mp4{_SUFFIX}"


def record_name(operation: str) -> str:
    """The path of an operation's record."""
    return f"{layout.TRASH}/{operation}/{_RECORD}"


def operations(root: Path) -> list[str]:
    """The operations in the trash, oldest first: names of folders."""
    found = [each for each in inside.folders(root, layout.TRASH) if _FOLDER.fullmatch(each)]
    return sorted(found, key=_number)


def next_name(root: Path, kind: str) -> str:
    """A folder name that sorts behind all others."""
    number = max(map(_number, operations(root)), default=0) + 1
    return f"{number:06d}-{kind}"


def _number(operation: str) -> int:
    return int(operation.partition("-")[0])


def read_operation(root: Path, operation: str) -> Operation:
    """The record of an operation.

    Raises:
        DatasetError: it cannot be read.
    """
    path = root / record_name(operation)
    try:
        data = json.loads(inside.read(root, record_name(operation), _LIMIT_BYTES))
        if data["version"] == _VERSION:
            return Operation.from_data(data)
    except _UNREADABLE as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); the operation cannot be undone, and "
            f"{command('edit', 'empty-trash', root)} clears it."
        ) from error
    raise DatasetError(f"{path} is of another version of lerecord; undo it with that version.")


def to_drop(root: Path, new_bytes: int) -> list[str]:
    """The oldest operations that must go so that the limit holds with one more of that size."""
    names = operations(root)
    sizes = {name: size_of(root / layout.TRASH / name) for name in names}
    dropped = []
    while names and sum(sizes[name] for name in names) + new_bytes > LIMIT_BYTES:
        dropped.append(names.pop(0))
    return dropped


def record_lines(episodes: Sequence[metadata.EpisodeRecord]) -> bytes:
    """The file episodes.jsonl."""
    return b"".join(record.to_line() for record in episodes)
