"""meta/episodes_stats.jsonl: parsed at once, or line by line where all of it would not fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import layout, stats
from lerecord.dataset.format.fields import Fields
from lerecord.dataset.format.stats import Stats


@dataclass(frozen=True, slots=True, eq=False)
class StoredStats(Sequence[Stats]):
    """The statistics of each episode, parsed each time that they are asked for.

    What is parsed takes some eight times the room of its text.

    Attributes:
        data: the file.
        lines: (N, 3) of each episode: the number of its line, and where that begins and ends.
    """

    data: bytes
    lines: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, index: int) -> Stats: ...

    @overload
    def __getitem__(self, index: slice) -> "StoredStats": ...

    def __getitem__(self, index: int | slice) -> "Stats | StoredStats":
        if isinstance(index, slice):
            return StoredStats(self.data, self.lines[index])
        number, start, end = self.lines[index].tolist()
        place = f"{layout.EPISODES_STATS}, line {number}"
        return of_line(Fields.parsed(self.data[start:end], place))

    def chosen(self, episodes: Sequence[int]) -> "StoredStats":
        """Those of some episodes, in this order."""
        return StoredStats(self.data, self.lines[list(episodes)])


def of_line(fields: Fields) -> Stats:
    """The statistics of one episode.

    Raises:
        DatasetError: they are not of LeRobot's form.
    """
    return stats.from_fields(fields.object("stats"))
