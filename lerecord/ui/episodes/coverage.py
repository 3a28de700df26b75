"""Where episodes start: how much of what the joints do the demonstrations begin from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.ui.episodes.facts import state_names, state_of
from lerecord.ui.episodes.shelf import Book

MOST_EPISODES = 400
"""Of which the start is read; of more, as many evenly chosen ones."""


@dataclass(frozen=True, slots=True)
class Starts:
    """Where episodes start.

    Attributes:
        episodes: E numbers.
        joints: D names.
        states: (E, D), the measured positions of each first frame.
        low, high: (D,), the least and the greatest position in any frame of these episodes; NaN of
            a joint that no frame knows.
    """

    episodes: tuple[int, ...]
    joints: tuple[str, ...]
    states: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def starts_of(book: Book, most: int = MOST_EPISODES) -> Starts:
    """Where the episodes of a dataset start; without joints where it keeps no state.

    Raises:
        DatasetError: a file of it cannot be read.
    """
    records = [record.index for record in book.records if record.length]
    chosen = _spread(records, most)
    joints = state_names(book)
    if not joints or not chosen:
        return Starts((), (), np.zeros((0, 0)), np.zeros(0), np.zeros(0))
    states = [state_of(book, episode) for episode in chosen]
    return Starts(
        tuple(chosen),
        joints,
        np.array([each[0] for each in states]),
        np.fmin.reduce([np.fmin.reduce(each) for each in states]),
        np.fmax.reduce([np.fmax.reduce(each) for each in states]),
    )


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most so many of them, evenly chosen, the first and the last among them."""
    if len(numbers) <= most:
        return list(numbers)
    places = np.linspace(0, len(numbers) - 1, most).round().astype(int)
    return [numbers[place] for place in places.tolist()]
