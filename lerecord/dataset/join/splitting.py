"""One dataset becomes several: which episodes go where, and the new datasets."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import accumulate, combinations, pairwise
from pathlib import Path

from lerecord.dataset.format import EpisodeRecord, Info
from lerecord.dataset.join.assembling import Assembly, Watched
from lerecord.dataset.join.episode_run import EpisodeRun
from lerecord.dataset.read import stored_at
from lerecord.dataset.storage import NewFolder, ignored
from lerecord.dataset.verify import require_sound
from lerecord.errors import DatasetError
from lerecord.progress import Advance

Rule = Callable[[Sequence[EpisodeRecord]], list[list[int]]]
"""Gives the episodes of each part; raises DatasetError where it cannot be followed."""

_UNWATCHED = Watched()


@dataclass(frozen=True, slots=True)
class ByEpisodes:
    """Parts by the numbers of their episodes."""

    parts: Sequence[Sequence[int]]

    def __call__(self, episodes: Sequence[EpisodeRecord]) -> list[list[int]]:
        """The parts as given."""
        for index in (index for part in self.parts for index in part):
            if not 0 <= index < len(episodes):
                raise DatasetError(
                    f"There is no episode {index}; the {len(episodes)} episodes are numbered from "
                    f"0."
                )
        return [sorted(set(part)) for part in self.parts]


@dataclass(frozen=True, slots=True)
class ByFraction:
    """Parts of a share of the episodes each, drawn at random, the same for the same seed."""

    fractions: Sequence[float]
    seed: int = 0

    def __call__(self, episodes: Sequence[EpisodeRecord]) -> list[list[int]]:
        """Parts of as many episodes as their fractions round to."""
        if sum(self.fractions) > 1 + 1e-9:
            raise DatasetError("The fractions add up to more than 1; give smaller ones.")
        drawn = sorted(range(len(episodes)), key=self._lot)
        shares = accumulate(self.fractions, initial=0.0)
        ends = [min(round(share * len(episodes)), len(episodes)) for share in shares]
        return [sorted(drawn[begin:end]) for begin, end in pairwise(ends)]

    def _lot(self, episode: int) -> bytes:
        """A number that is the same on every machine and in every version."""
        return hashlib.sha256(f"{self.seed} {episode}".encode()).digest()


def by_task(episodes: Sequence[EpisodeRecord]) -> list[list[int]]:
    """A part per task, in the order in which they first appear."""
    parts: dict[str, list[int]] = {}
    for record in episodes:
        if len(record.tasks) != 1:
            raise DatasetError(
                f"Episode {record.index} has several tasks; choose parts by episodes instead."
            )
        parts.setdefault(record.tasks[0], []).append(record.index)
    return list(parts.values())


def split(root: Path, outs: Sequence[Path], rule: Rule, how: Watched = _UNWATCHED) -> list[Info]:
    """Make datasets of the parts of one, which stays as it is.

    Each new dataset is there as a whole or not at all, and the first appears once all of them are
    on the disk. They share no file with the dataset or with each other.

    Args:
        root: the dataset.
        outs: a folder per part; nothing is there yet. One more than the rule gives parts gets the
            episodes that are in none.
        rule: which episodes are in which part.
        how: who is told.

    Returns:
        The info.json of each new dataset.

    Raises:
        DatasetError: the parts do not fit the folders, the dataset is not sound or changes
            meanwhile, or the disk refuses.
    """
    stored = stored_at(root)
    whole = EpisodeRun.whole(stored)
    parts = _parts(whole.part.episodes, outs, rule)
    _require_apart(root, outs)
    require_sound([root])
    told = _Told(how, sum(map(len, parts)))
    with ExitStack() as stack:
        folders = [stack.enter_context(NewFolder(out, how.probe)) for out in outs]
        infos = [
            Assembly(folder, list(whole.only(part)), told.watched(), own_files=True).run()
            for folder, part in zip(folders, parts, strict=True)
        ]
        stored.require_unchanged()
        for folder in folders:
            folder.finish()
        for folder in folders:
            folder.commit()
    return infos


def _parts(episodes: Sequence[EpisodeRecord], outs: Sequence[Path], rule: Rule) -> list[list[int]]:
    """A part per folder, none of them empty."""
    parts = rule(episodes)
    given = Counter(index for part in parts for index in part)
    if twice := [index for index, count in given.items() if count > 1]:
        raise DatasetError(f"Episode {twice[0]} is in two parts; name it in one.")
    rest = sorted({*range(len(episodes))} - {*given})
    if len(parts) == len(outs) - 1 and rest:
        parts = [*parts, rest]
    if len(parts) != len(outs):
        tasks = [", ".join(episodes[part[0]].tasks) if part else "nothing" for part in parts]
        listed = "; ".join(f"{number}. {task}" for number, task in enumerate(tasks, 1))
        raise DatasetError(
            f"There are {len(parts)} parts and {len(outs)} output folders; name one for each "
            f"({listed})."
        )
    for part, out in zip(parts, outs, strict=True):
        if not part:
            raise DatasetError(f"No episode would be in {out}; choose other parts.")
    return parts


def _require_apart(root: Path, outs: Sequence[Path]) -> None:
    """Refuse folders of which one lies in another."""
    for one, other in combinations([root, *outs], 2):
        paths = one.resolve(), other.resolve()
        if paths[0] == paths[1]:
            raise DatasetError(f"{other} is given twice; name a folder of its own for each part.")
        if paths[0] in paths[1].parents or paths[1] in paths[0].parents:
            raise DatasetError(f"{one} and {other} lie in each other; name folders side by side.")


@dataclass(slots=True)
class _Told:
    """Passes on the progress of several assemblies as that of one."""

    how: Watched
    total: int
    parts: int = 0
    episodes: int = 0

    def watched(self) -> Watched:
        """For the next part; what none of them has is told once."""
        self.parts += 1
        left_out = self.how.left_out if self.parts == 1 else ignored
        return replace(self.how, progress=self._tell, left_out=left_out)

    def _tell(self, advance: Advance) -> None:
        self.episodes += 1
        self.how.progress(replace(advance, done=self.episodes, total=self.total))
