"""Which side an episode goes to, where a merge makes two datasets: one to train on, one to test on.

What belongs together stays together, so that no test asks what was seen in training. Lots decide,
which depend on the names of what stays together and on nothing else: what was tested yesterday is
not trained on tomorrow because more was recorded meanwhile.
"""

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lerecord.errors import ConfigError, DatasetError

TRAIN, TEST = "train", "test"
SIDES = (TRAIN, TEST)
DATASET, STATION, TASK = BY = ("dataset", "station", "task")


@dataclass(frozen=True, slots=True)
class Split:
    """How episodes are divided.

    Attributes:
        share: of what stays together, about how much goes to the test side; above 0 and below 1.
        by: what stays together, one of BY. By task, a dataset with several keeps them together.

    Raises:
        ConfigError: there is no such way, or no such share.
    """

    share: float
    by: str = DATASET

    def __post_init__(self) -> None:
        if self.by not in BY:
            raise ConfigError(
                f"Episodes cannot be split by {self.by!r}; --split-by takes {', '.join(BY)}."
            )
        if not 0 < self.share < 1:
            raise ConfigError(f"--split {TEST}={self.share:g} leaves one side empty; {_FORM}.")

    @classmethod
    def parsed(cls, text: str, by: str) -> "Split | None":
        """What the command line means, such as `test=0.1`; None of an empty text."""
        if not text:
            return None
        side, _, share = text.partition("=")
        try:
            number = float(share)
        except ValueError:
            side = ""
        if side != TEST:
            raise ConfigError(f"--split {text!r} means nothing; {_FORM}.")
        return cls(number, by)


_FORM = f"write {TEST}=SHARE with a share between 0 and 1, such as {TEST}=0.1"


class Belonging(Protocol):
    """What an episode belongs to."""

    @property
    def station(self) -> str:
        """The name of its station."""

    @property
    def name(self) -> str:
        """The name of its dataset."""

    @property
    def tasks(self) -> Sequence[str]:
        """Its sentences."""


def sides_of(episodes: Sequence[Belonging], split: Split, seed: int) -> list[str]:
    """The side of each episode, one of SIDES; both have some.

    Args:
        episodes: what each belongs to.
        split: how they are divided.
        seed: other lots.

    Raises:
        DatasetError: all of them belong together.
    """
    names = _groups(episodes, split.by)
    lots = {name: _lot(seed, name) for name in {*names}}
    drawn = sorted(lots, key=lambda name: (lots[name], name))
    if len(drawn) < 2:
        raise DatasetError(_together(split.by))
    count = sum(lot < split.share for lot in lots.values())
    tested = {*drawn[: min(max(count, 1), len(drawn) - 1)]}
    return [TEST if name in tested else TRAIN for name in names]


def _groups(episodes: Sequence[Belonging], by: str) -> list[str]:
    if by == STATION:
        return [each.station for each in episodes]
    datasets = [f"{each.station}/{each.name}" for each in episodes]
    if by == DATASET:
        return datasets
    tied = _Ties()
    for dataset, each in zip(datasets, episodes, strict=True):
        for task in each.tasks:
            tied.tie((DATASET, dataset), (TASK, task))
    first: dict[Hashable, str] = {}
    for each in episodes:
        for task in each.tasks:
            group = tied.of((TASK, task))
            first[group] = min(first.get(group, task), task)
    return [first.get(tied.of((DATASET, each)), "") for each in datasets]


class _Ties:
    """Things of which some belong together, directly or by others."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def of(self, thing: Hashable) -> Hashable:
        """What stands for everything that belongs to a thing."""
        way = []
        while (above := self._above.get(thing, thing)) != thing:
            way.append(thing)
            thing = above
        self._above.update(dict.fromkeys(way, thing))
        return thing

    def tie(self, left: Hashable, right: Hashable) -> None:
        """The two belong together from now on."""
        self._above[self.of(left)] = self.of(right)


def _lot(seed: int, name: str) -> float:
    """At least 0 and below 1, the same on every machine."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / (1 << 48)


_OTHERWISE: Mapping[str, str] = {
    DATASET: "episodes of one dataset were recorded together, so name more datasets",
    STATION: f"name more stations, or take --split-by {DATASET}",
    TASK: f"a dataset with several tasks keeps them together, so take --split-by {DATASET}",
}


def _together(by: str) -> str:
    return f"All episodes that are wanted belong to one {by}: {_OTHERWISE[by]}."
