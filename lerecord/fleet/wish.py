"""Which episodes are wanted of all that there are.

Where some have to be left out, lots decide, which depend on the names of station and dataset and on
nothing else.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lerecord.fleet.catalog import EpisodeFacts, SourceFacts
from lerecord.fleet.sides import Split

Wanted = tuple[SourceFacts, EpisodeFacts]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which episodes are wanted.

    Attributes:
        where: a condition, as of `where.parsed`.
        task_balance: at most so many of each task; 0 for all.
        max_hours: at most so long altogether; 0 for all.
        seed: other lots.
        split: divides what is wanted into two sides; None for one dataset of all.
        side: the one that is wanted of these; empty for both.
    """

    where: str = ""
    task_balance: int = 0
    max_hours: float = 0.0
    seed: int = 0
    split: Split | None = None
    side: str = ""

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Wish":
        """The inverse of `asdict`."""
        split = data["split"]
        return cls(**{**data, "split": None if split is None else Split(**split)})


def drawn_by(wish: Wish, wanted: Sequence[Wanted]) -> Sequence[Wanted]:
    """As many episodes as the limits allow, in their order."""
    if wish.task_balance:
        wanted = _balanced(wanted, wish)
    if wish.max_hours:
        wanted = _shortened(wanted, wish)
    return wanted


def _lot(wish: Wish, each: Wanted) -> bytes:
    source, episode = each
    name = f"{wish.seed} {source.station}/{source.root.name} {episode.number}"
    return hashlib.sha256(name.encode()).digest()


def _balanced(chosen: Sequence[Wanted], wish: Wish) -> list[Wanted]:
    """At most so many episodes of each task; one with several tasks counts for its first."""
    counts: Counter[str] = Counter()
    kept: set[int] = set()
    for place in sorted(range(len(chosen)), key=lambda each: _lot(wish, chosen[each])):
        task = next(iter(chosen[place][1].tasks), "")
        if counts[task] < wish.task_balance:
            counts[task] += 1
            kept.add(place)
    return [each for place, each in enumerate(chosen) if place in kept]


def _shortened(chosen: Sequence[Wanted], wish: Wish) -> list[Wanted]:
    """As many episodes as fit, drawn by lot."""
    room = wish.max_hours * 3600
    kept: set[int] = set()
    for place in sorted(range(len(chosen)), key=lambda each: _lot(wish, chosen[each])):
        source, episode = chosen[place]
        if (seconds := episode.frames / source.fps) <= room:
            room -= seconds
            kept.add(place)
    return [each for place, each in enumerate(chosen) if place in kept]
