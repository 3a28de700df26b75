"""Episodes of a dataset that become part of another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np

from lerecord.dataset.format import Annotations, Part, Stats, read_annotations
from lerecord.dataset.read import Stored


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeRun:
    """Episodes of a dataset that follow each other; statistics and annotations are all of it."""

    stored: Stored
    part: Part
    stats: Sequence[Stats]
    annotations: dict[int, Annotations]

    @classmethod
    def whole(cls, stored: Stored) -> Self:
        """All episodes of a dataset.

        Raises:
            DatasetError: its meta/ is not whole.
        """
        return cls(
            stored,
            Part(stored.tasks(), stored.episodes()),
            stored.stats(),
            read_annotations(stored.meta.__getitem__),
        )

    def only(self, episodes: Sequence[int]) -> Iterator[Self]:
        """Of all episodes these, which ascend; those that follow each other stay together."""
        records = self.part.episodes
        first = np.cumsum([0, *(each.length for each in records)]).tolist()
        breaks = [i for i in range(1, len(episodes)) if episodes[i] != episodes[i - 1] + 1]
        for begin, end in pairwise((0, *breaks, len(episodes))):
            chosen = [records[index] for index in episodes[begin:end]]
            yield replace(self, part=Part(self.part.tasks, chosen, first[episodes[begin]]))
