"""What operations have replaced or removed, kept so that each of them can be undone.

`.lerecord/trash/<operation>/` holds the files of episodes that are in the dataset no more, each
with `.kept` behind its name so that nobody counts it, and a record of the list of episodes as it
was before. Files that were only numbered anew are not kept: they follow from the list.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from lerecord.commands import command
from lerecord.dataset.edit.episode_list import EpisodeList, Slot, Stays
from lerecord.dataset.edit.operation_record import KIND, VERSION, Kept, Operation, Run
from lerecord.dataset.format import label_of, layout, metadata
from lerecord.dataset.storage import inside, size_of
from lerecord.errors import DatasetError

LIMIT_BYTES = 4_000_000_000
"""The oldest operations are dropped when all of them take more; the last is always kept."""

UNDO = "undo"
_RECORD = "operation.json"
_SUFFIX = ".kept"
_LIMIT_BYTES = 40_000_000
_UNREADABLE = (
    DatasetError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)
_FOLDER = re.compile(f"([0-9]{{6,9}})-{KIND.pattern}")


def list_before(old: EpisodeList, slots: Sequence[Slot]) -> tuple[Run | Kept, ...]:
    """How the old list is found again from the new one."""
    now = {slot.old: (index, slot) for index, slot in enumerate(slots) if isinstance(slot, Stays)}
    before: list[Run | Kept] = []
    for record in old.records:
        index, task = record.index, old.task(record.index)
        annotations = old.annotations.get(index, {})
        if index not in now:
            kept = Kept(index, task, old.stats[index], annotations, index in old.sidecars)
            before.append(kept)
            continue
        place, slot = now[index]
        last = before[-1] if before else None
        if slot.label is not None:
            before.append(Run(place, 1, task, label_of(annotations)))
        elif isinstance(last, Run) and last.is_followed_by(place, task):
            before[-1] = Run(last.now, last.count + 1, task)
        else:
            before.append(Run(place, 1, task))
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
        if data["version"] == VERSION:
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
