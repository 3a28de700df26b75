"""The record of an operation: what it was, and the list of episodes before it, as JSON."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from lerecord.dataset.format import Annotations, Fields, Label, Stats, layout, stats
from lerecord.dataset.storage import Encoded

VERSION = 1
KIND = re.compile("[a-z]{1,20}(-[a-z]{1,20})?")
_MOST = 10**7


@dataclass(frozen=True, slots=True)
class Run:
    """Episodes of the list before that are still in the dataset, one behind the other.

    Attributes:
        now: index of the first after the operation.
        count: of them.
        task: that each of them had.
        label: that the one episode had; None where it has it still.
    """

    now: int
    count: int
    task: str
    label: Label | None = None

    def is_followed_by(self, now: int, task: str) -> bool:
        """Whether an episode that nothing else is to be told of belongs to the same run."""
        return (self.now + self.count, self.task, self.label) == (now, task, None)

    def to_data(self) -> dict[str, Any]:
        """For the record."""
        label = {} if self.label is None else {"label": self.label.to_values()}
        return {"now": self.now, "count": self.count, "task": self.task, **label}


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """An episode of the list before whose files lie in the trash.

    Attributes:
        index: that it had.
        task: likewise.
        stats: likewise.
        annotations: likewise.
        sidecar: True when it had one.
        missing: its files that were not there any more, as paths in the dataset.
    """

    index: int
    task: str
    stats: Stats
    annotations: Annotations
    sidecar: bool
    missing: tuple[str, ...] = ()

    def to_data(self) -> dict[str, Any]:
        """For the record."""
        return {
            "kept": self.index,
            "task": self.task,
            "stats": stats.to_data(self.stats),
            **{name: self.annotations.get(name) for name in layout.ANNOTATIONS},
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
            "version": VERSION,
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
        label = None if "label" not in data else Label.from_values(data["label"])
        return Run(_count(data["now"]), _count(data["count"]), _text(data["task"]), label)
    found = {name: data.get(name) for name in layout.ANNOTATIONS}
    known = all(isinstance(each, dict | None) for each in found.values())
    if not known or not isinstance(data["sidecar"], bool):
        raise TypeError("what was kept of an episode is not told as lerecord tells it")
    return Kept(
        index=_count(data["kept"]),
        task=_text(data["task"]),
        stats=stats.from_fields(Fields(data["stats"], "The statistics in the trash")),
        annotations={name: each for name, each in found.items() if each is not None},
        sidecar=data["sidecar"],
        missing=tuple(map(_text, data.get("missing", ()))),
    )


def _done(kind: Any, said: Any) -> Done:
    if not KIND.fullmatch(_text(kind)):
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
