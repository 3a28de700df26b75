"""Several datasets, one behind the other: what each one's numbers become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset import metadata, stats
from lerecord.dataset.metadata import EpisodeRecord
from lerecord.dataset.stats import Stats

NUMBERS = ("episode_index", "index", "task_index")
"""The columns that depend on where an episode stands."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the datasets.

    Attributes:
        tasks: by its task_index.
        episodes: by its episode_index.
    """

    tasks: Sequence[str]
    episodes: Sequence[EpisodeRecord]


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """What a part's numbers become.

    Attributes:
        episode: of its first episode.
        row: of its first row.
        task: (T,) by its own task_index; -1 of a task that no episode has.
    """

    episode: int
    row: int
    task: NDArray[np.int64]

    def renumbered(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.int64]]:
        """The columns of NUMBERS, as they are in the joined dataset."""
        return {
            "episode_index": columns["episode_index"] + self.episode,
            "index": columns["index"] + self.row,
            "task_index": self.task[columns["task_index"]],
        }

    def renumbered_stats(self, values: Stats, columns: Mapping[str, NDArray[Any]]) -> Stats:
        """An episode's statistics, as they are in the joined dataset; `columns` are its rows."""
        numbers = self.renumbered(columns)
        return {
            key: stats.of_column(numbers[key]) if key in numbers else each
            for key, each in values.items()
        }


def joined(parts: Sequence[Part]) -> tuple[list[str], list[Shift]]:
    """The tasks of all parts by their new index, and what becomes of each part's numbers."""
    tasks = metadata.first_appearances([each.tasks for part in parts for each in part.episodes])
    index = {task: number for number, task in enumerate(tasks)}
    shifts: list[Shift] = []
    episode = row = 0
    for part in parts:
        task = np.array([index.get(each, -1) for each in part.tasks], dtype=np.int64)
        shifts.append(Shift(episode, row, task))
        episode += len(part.episodes)
        row += sum(each.length for each in part.episodes)
    return tasks, shifts
