"""Which episode of which dataset becomes which episode of the new one: pure, and one parquet.

The same datasets and the same wish give the same plan, on every machine.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.errors import DatasetError
from lerecord.fleet.catalog import EpisodeFacts, SourceFacts
from lerecord.fleet.sides import sides_of
from lerecord.fleet.where import parsed
from lerecord.fleet.wish import Wanted, Wish, drawn_by

BATCH = 25
"""Episodes that one worker writes at a time; fewer where all are few."""
_BATCHES = 16  # at least, so that a few workers have something to do

Left = Collection[tuple[str, int]]
"""Episodes that are left out because they cannot be taken: folder and number."""
_Chosen = tuple[SourceFacts, EpisodeFacts, str]
_T = TypeVar("_T", Wanted, _Chosen)


@dataclass(frozen=True)
class Plan:
    """The new dataset, episode by episode.

    Attributes:
        sources: the datasets that it takes from, with their digests, in their order.
        tasks: of the new dataset, by task_index.
        table: a row an episode, in their order.
    """

    sources: Sequence[tuple[Path, str]]
    tasks: Sequence[str]
    table: pa.Table

    def __len__(self) -> int:
        """Episodes."""
        return len(self.table)

    @property
    def frames(self) -> int:
        """Of all episodes."""
        return int(self._column("frames").sum())

    @property
    def batches(self) -> int:
        """Into which the work is divided."""
        return -(-len(self) // self.batch_size)

    @property
    def batch_size(self) -> int:
        """Episodes of a batch; it depends on the plan alone."""
        return min(BATCH, max(1, len(self) // _BATCHES))

    def batch(self, number: int) -> "Batch":
        """The episodes of a batch."""
        size = self.batch_size
        rows = slice(number * size, min((number + 1) * size, len(self)))
        return Batch(
            rows.start,
            [
                Planned(self.sources[source][0], int(episode), int(first), int(frames))
                for source, episode, first, frames in zip(
                    self._column("source")[rows],
                    self._column("source_episode")[rows],
                    self._column("first_frame")[rows],
                    self._column("frames")[rows],
                    strict=True,
                )
            ],
        )

    def digest(self, number: int, form: str) -> str:
        """What tells the files of a batch from any others.

        Args:
            number: of the batch.
            form: what else the files depend on.
        """
        rows = slice(number * self.batch_size, (number + 1) * self.batch_size)
        digest = hashlib.sha256(form.encode())
        for name in ("source_episode", "first_frame", "frames"):
            digest.update(self._column(name)[rows].tobytes())
        for source in self._column("source")[rows].tolist():
            digest.update(f"{self.sources[source]}".encode())
        return digest.hexdigest()

    @cached_property
    def _columns(self) -> Mapping[str, NDArray[np.int64]]:
        names = ("source", "source_episode", "first_frame", "frames")
        return {
            name: self.table[name].combine_chunks().to_numpy(zero_copy_only=False) for name in names
        }

    def _column(self, name: str) -> NDArray[np.int64]:
        return self._columns[name]

    def header(self) -> dict[str, Any]:
        """What is not in the table, as JSON knows it."""
        return {
            "sources": [[str(root), digest] for root, digest in self.sources],
            "tasks": list(self.tasks),
        }

    @classmethod
    def of(cls, header: Mapping[str, Any], table: pa.Table) -> "Plan":
        """The inverse of `header` and `table`."""
        sources = [(Path(root), digest) for root, digest in header["sources"]]
        return cls(sources, header["tasks"], table)


@dataclass(frozen=True, slots=True)
class Planned:
    """Where an episode comes from, and where it goes."""

    root: Path
    episode: int
    first_frame: int
    frames: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Episodes that follow each other; the first one's new number."""

    first: int
    episodes: Sequence[Planned]


def planned(sources: Sequence[SourceFacts], wish: Wish, left: Left = ()) -> Plan:
    """The plan.

    Args:
        sources: the datasets, in their order.
        wish: which of their episodes are wanted.
        left: those that cannot be taken.

    Raises:
        ConfigError: the condition means nothing.
        DatasetError: no episode is wanted, or the wish cannot be met.
    """
    holds = parsed(wish.where)
    wanted = [
        (source, episode)
        for source in sources
        for episode in source.episodes
        if holds(source.facts(episode))
    ]
    chosen = _chosen(wanted, wish, left)
    if not chosen:
        episodes = sum(len(source.episodes) for source in sources)
        raise DatasetError(
            f"None of the {episodes} episodes is wanted; change --where or the other limits."
        )
    return _numbered(chosen)


def _chosen(wanted: Sequence[Wanted], wish: Wish, left: Left) -> list[_Chosen]:
    """The episodes of the new dataset, and on which side they are.

    What cannot be taken is replaced by others where lots decide, unless there are two sides: then
    both have to be drawn from the same.
    """
    if wish.split is None:
        return [(*each, "") for each in drawn_by(wish, _without(left, wanted))]
    drawn = drawn_by(wish, wanted)
    sides = sides_of([_Belonging(*each) for each in drawn], wish.split, wish.seed) if drawn else []
    divided = [(*each, side) for each, side in zip(drawn, sides, strict=True)]
    return [each for each in _without(left, divided) if wish.side in ("", each[2])]


def _without(left: Left, episodes: Sequence[_T]) -> list[_T]:
    return [each for each in episodes if (str(each[0].root), each[1].number) not in left]


class _Belonging:
    """What an episode belongs to."""

    def __init__(self, source: SourceFacts, episode: EpisodeFacts) -> None:
        self.station = source.station
        self.name = source.root.name
        self.tasks = episode.tasks


def _numbered(chosen: Sequence[_Chosen]) -> Plan:
    numbers: dict[Path, int] = {}
    sources: list[tuple[Path, str]] = []
    tasks: dict[str, None] = {}
    for source, episode, _ in chosen:
        if source.root not in numbers:
            numbers[source.root] = len(sources)
            sources.append((source.root, source.digest))
        tasks |= dict.fromkeys(episode.tasks)
    frames = np.fromiter((each.frames for _, each, _ in chosen), np.int64, len(chosen))
    columns = {
        "episode": pa.array(np.arange(len(chosen))),
        "source": pa.array((numbers[each.root] for each, _, _ in chosen), pa.int64()),
        "source_episode": pa.array((each.number for _, each, _ in chosen), pa.int64()),
        "first_frame": pa.array(np.cumsum(frames) - frames),
        "frames": pa.array(frames),
        **dict(_words(chosen)),
    }
    return Plan(sources, [*tasks], pa.table(columns))


def _words(chosen: Sequence[_Chosen]) -> Iterator[tuple[str, Any]]:
    """What only people read, each word stored once."""
    words = {
        "folder": (str(source.root) for source, _, _ in chosen),
        "station": (source.station for source, _, _ in chosen),
        "task": ("; ".join(episode.tasks) for _, episode, _ in chosen),
        "label": (episode.label for _, episode, _ in chosen),
        "side": (side for _, _, side in chosen),
    }
    for name, values in words.items():
        yield name, pa.array(values, pa.string()).dictionary_encode()


def form_of(features: Mapping[str, Any], tasks: Sequence[str]) -> str:
    """What every file of a new dataset depends on beside its own episode."""
    return json.dumps([features, list(tasks)], ensure_ascii=False)
