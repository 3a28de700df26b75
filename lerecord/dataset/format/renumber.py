"""Several datasets, one behind the other: what each one's numbers become."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import metadata, stats
from lerecord.dataset.format.metadata import EpisodeRecord
from lerecord.dataset.format.stats import Stats
from lerecord.errors import DatasetError

NUMBERS = ("episode_index", "index", "task_index")
"""The columns that depend on where an episode stands."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the datasets, or episodes of one that follow each other.

    Attributes:
        tasks: by its task_index.
        episodes: in their order.
        first_frame: the index of their first frame in the dataset.
    """

    tasks: Mapping[int, str]
    episodes: Sequence[EpisodeRecord]
    first_frame: int = 0

    @property
    def first_episode(self) -> int:
        """Its number in the dataset."""
        return self.episodes[0].index if self.episodes else 0


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """What a part's numbers become.

    Attributes:
        episode: added to each episode's number.
        row: added to each frame's number.
        task: by its own task_index.
    """

    episode: int
    row: int
    task: Mapping[int, int]

    def renumbered(self, columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.int64]]:
        """The columns of NUMBERS, as they are in the joined dataset.

        Raises:
            DatasetError: a frame has a task that its dataset does not know.
        """
        return {
            "episode_index": columns["episode_index"] + self.episode,
            "index": columns["index"] + self.row,
            "task_index": self._tasks(columns["task_index"]),
        }

    def _tasks(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        known, places = np.unique(numbers, return_inverse=True)
        if strange := [number for number in known.tolist() if number not in self.task]:
            raise DatasetError(
                f"Frames have the task_index {strange[0]}, and no episode has that task; "
                f"`lerecord check` says which frames."
            )
        new = np.array([self.task[number] for number in known.tolist()], dtype=np.int64)
        return new[places]

    def renumbered_stats(self, values: Stats, columns: Mapping[str, NDArray[Any]]) -> Stats:
        """An episode's statistics, as they are in the joined dataset; `columns` are its frames."""
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
        task = {old: index[each] for old, each in part.tasks.items() if each in index}
        shifts.append(Shift(episode - part.first_episode, row - part.first_frame, task))
        episode += len(part.episodes)
        row += sum(each.length for each in part.episodes)
    return tasks, shifts
