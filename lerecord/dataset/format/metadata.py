"""The files of lines below meta/, and statistics: what LeRobot v2.1 wants to the byte.

What LeRobot reads is read alike: it sorts lines by their index, and looks at no more than it needs.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import numpy as np

from lerecord.counted import counted
from lerecord.dataset.format import layout, stats
from lerecord.dataset.format.fields import Fields
from lerecord.dataset.format.stats import Stats
from lerecord.dataset.format.stored_stats import StoredStats, of_line
from lerecord.errors import DatasetError

_T = TypeVar("_T")
_PARSED_AT_ONCE = 32 << 20
"""Bytes of statistics, of some 14,000 episodes with two cameras."""
_BOM = b"\xef\xbb\xbf"
_ENTRIES = ("episode_index", "tasks", "length")


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One line of meta/episodes.jsonl.

    Attributes:
        index: of the episode.
        tasks: its sentences; empty where another recorder wrote none.
        length: its frames.
        extra: entries that are not LeRobot's, kept as they were found.
    """

    index: int
    tasks: tuple[str, ...]
    length: int
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def to_line(self) -> bytes:
        """The line."""
        known = {"episode_index": self.index, "tasks": list(self.tasks), "length": self.length}
        return line_of(known | dict(self.extra))

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """From a line.

        Raises:
            DatasetError: a field is missing or of another kind; it is named.
        """
        extra = {key: value for key, value in fields.values.items() if key not in _ENTRIES}
        return cls(fields.count("episode_index"), _tasks(fields), fields.count("length"), extra)


def _tasks(fields: Fields) -> tuple[str, ...]:
    """An episode's tasks: LeRobot does not read them, so other recorders leave what they like.

    In another form they count as not said, and its frames say them.
    """
    found = fields.get("tasks")
    if isinstance(found, str):
        return (found,)
    said = isinstance(found, list) and all(isinstance(each, str) for each in found)
    return tuple(found) if said else ()


@dataclass(frozen=True, slots=True)
class AnnotationLine:
    """One line of a file of annotations: of which episode, and what it says without the index."""

    episode: int
    values: Mapping[str, Any]


def line_of(record: Mapping[str, Any]) -> bytes:
    """One line of a JSONL file, newline included: without it an append would glue two records."""
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def task_line(index: int, task: str) -> bytes:
    """One line of meta/tasks.jsonl."""
    return line_of({"task_index": index, "task": task})


def stats_line(episode: int, values: Stats) -> bytes:
    """One line of meta/episodes_stats.jsonl."""
    return line_of({"episode_index": episode, "stats": stats.to_data(values)})


def stats_bytes(values: Stats) -> bytes:
    """meta/stats.json."""
    return json.dumps(stats.to_data(values), indent=4).encode()


def parse_tasks(data: bytes, count: int | None = None) -> dict[int, str]:
    """The first `count` tasks, or all, by task_index and in its order; it may leave numbers out.

    Raises:
        DatasetError: there are fewer, or two have one index.
    """
    return _by_index(
        "task_index", _lines(layout.TASKS, data, count), lambda line: line.fields.text("task")
    )


def numbered(tasks: Mapping[int, str]) -> list[str]:
    """Tasks by task_index where they are numbered as lerecord numbers them: from 0, each once.

    Raises:
        DatasetError: they are numbered in another way.
    """
    sentences = list(tasks.values())
    if list(tasks) != list(range(len(tasks))):
        raise _other_numbers(f"leaves out task_index {_first_gap(tasks)}")
    if len(set(sentences)) < len(sentences):
        twice = next(each for each in sentences if sentences.count(each) > 1)
        raise _other_numbers(f"has the task {json.dumps(twice[:60])} twice")
    return sentences


def _other_numbers(fact: str) -> DatasetError:
    return DatasetError(
        f"{layout.TASKS} {fact}, and lerecord changes datasets that number each task once, from 0 "
        f"on; `lerecord merge NEW DATASET` makes a copy that does."
    )


def _first_gap(tasks: Mapping[int, str]) -> int:
    return next(number for number, index in enumerate([*tasks, -1]) if index != number)


def parse_episodes(data: bytes, count: int) -> list[EpisodeRecord]:
    """The first `count` episodes, by episode_index.

    Raises:
        DatasetError: there are fewer, or they are not numbered 0 to `count` - 1.
    """
    return _each_episode(
        layout.EPISODES, data, count, lambda line: EpisodeRecord.from_fields(line.fields)
    )


def parse_episodes_stats(data: bytes, count: int) -> Sequence[Stats]:
    """The statistics of the first `count` episodes; of a large file parsed again at each look.

    Raises:
        DatasetError: there are fewer, they are not numbered 0 to `count` - 1, or not of LeRobot's
            form.
    """
    if len(data) <= _PARSED_AT_ONCE:
        return _each_episode(layout.EPISODES_STATS, data, count, lambda line: of_line(line.fields))
    lines = _each_episode(layout.EPISODES_STATS, data, count, _checked_stats_line)
    return StoredStats(data, np.array(lines))


def _checked_stats_line(line: "_Line") -> tuple[int, int, int]:
    of_line(line.fields)
    return line.number, line.start, line.end


def parse_stats(data: bytes) -> Stats:
    """meta/stats.json.

    Raises:
        DatasetError: it is not of that form.
    """
    return stats.from_fields(Fields.parsed(data, layout.STATS))


def stats_lack_count(data: bytes) -> bool:
    """True of a meta/stats.json as GR00T leaves it: with quantiles, and without counts."""
    try:
        values = Fields.parsed(data, layout.STATS).values
    except DatasetError:
        return False
    return any(isinstance(each, Mapping) and "count" not in each for each in values.values())


def parse_annotation(name: str, data: bytes) -> list[AnnotationLine]:
    """A file of annotations, in its order.

    Raises:
        DatasetError: a line is not of that form.
    """
    found = []
    for number, line in enumerate(_split(data), 1):
        fields = Fields.parsed(line, f"{name}, line {number}")
        values = {key: value for key, value in fields.values.items() if key != "episode_index"}
        found.append(AnnotationLine(fields.count("episode_index"), values))
    return found


def require_whole(name: str, data: bytes, count: int) -> None:
    """Refuse a file of lines to which nothing can be appended.

    Raises:
        DatasetError: it has not `count` lines, or its last line does not end.
    """
    lines = _split(data)
    for number, line in enumerate(lines, 1):
        _require_content(f"{name}, line {number}", line)
    if len(lines) != count:
        raise _miscounted(name, len(lines), count)
    if data and not data.endswith(b"\n"):
        raise DatasetError(f"{name} does not end in a newline; add one.")


def first_appearances(task_lists: Sequence[Sequence[str]]) -> list[str]:
    """The tasks of a dataset in the order of their index: by first appearance."""
    return list(dict.fromkeys(task for tasks in task_lists for task in tasks))


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, and where it stands in its file."""

    fields: Fields
    number: int
    start: int
    end: int


def _each_episode(name: str, data: bytes, count: int, read: Callable[[_Line], _T]) -> list[_T]:
    found = _by_index("episode_index", _lines(name, data, count), read)
    if list(found) != list(range(count)):
        raise DatasetError(
            f"{name} leaves out episode_index {_first_gap(dict.fromkeys(found, ''))}; restore it "
            f"from a copy."
        )
    return list(found.values())


def _by_index(key: str, lines: Iterator[_Line], read: Callable[[_Line], _T]) -> dict[int, _T]:
    """What is read of each line, sorted by the index as LeRobot sorts it; lines are not kept."""
    found: dict[int, _T] = {}
    for line in lines:
        index = line.fields.count(key)
        if index in found:
            raise DatasetError(
                f"{line.fields.place} has the {key} {index} of another line; restore it."
            )
        found[index] = read(line)
    return dict(sorted(found.items()))


def _lines(name: str, data: bytes, count: int | None) -> Iterator[_Line]:
    """The first `count` lines: what stands behind them is not committed yet."""
    lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
    if count is not None and lines < count:
        raise _miscounted(name, lines, count)
    start = 0
    for number in range(1, (lines if count is None else count) + 1):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        place, line = f"{name}, line {number}", data[start:end]
        _require_content(place, line)
        text = line.removeprefix(_BOM)
        yield _Line(Fields.parsed(text, place), number, end - len(text), end)
        start = end + 1


def _require_content(place: str, line: bytes) -> None:
    if not line.strip():
        raise DatasetError(f"{place} is empty, and LeRobot reads no further; delete the line.")


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _miscounted(name: str, lines: int, count: int) -> DatasetError:
    return DatasetError(
        f"{name} has {counted(lines, 'line')} and {layout.INFO} counts {count}; restore both from "
        f"a copy."
    )
