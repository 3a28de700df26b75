"""The statistics of many datasets as if they were one: exact, and kept for the next time."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lerecord.dataset.format import Info
from lerecord.dataset.read import Stored, stored_at
from lerecord.errors import DatasetError
from lerecord.fleet.chores import Chore, HowToWork, carry_out
from lerecord.fleet.engine import require_engine
from lerecord.fleet.sources import Root, Source, Trouble, digest_of, find, tried_all
from lerecord.fleet.state import State
from lerecord.fleet.tally import FullStats, Tally, counted, tally_of

BATCH = 25


@dataclass(frozen=True, slots=True)
class RigStats:
    """Of all datasets whose frames have the same features.

    Attributes:
        rig: the type of their robot.
        datasets: their folders.
        episodes: of all of them.
        frames: likewise.
        features: the statistics of each feature over all frames, as LeRobot v3.0 has them.
        names: of the numbers of each feature; empty where they have none.
    """

    rig: str
    datasets: Sequence[Path]
    episodes: int
    frames: int
    features: Mapping[str, FullStats]
    names: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class FleetStats:
    """What is known of all of them.

    Attributes:
        rigs: in the order of their first datasets.
        troubles: what could not be counted.
        read: episodes that were read for it; the others had not changed.
        left: episodes that are still to be read.
        jobs: of Slurm, when the work was given to it and the result is still to come.
    """

    rigs: Sequence[RigStats]
    troubles: Sequence[Trouble]
    read: int
    left: int
    jobs: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """A dataset and the parts in which it is counted."""

    source: Source
    info: Info
    digest: str
    parts: Sequence[Path]
    episodes: Sequence[range]

    @property
    def to_read(self) -> Iterator[tuple[Path, range]]:
        """The parts that are not there."""
        for part, episodes in zip(self.parts, self.episodes, strict=True):
            if not part.exists():
                yield part, episodes


def statistics(roots: Sequence[Root], state: State, how: HowToWork) -> FleetStats:
    """Take the statistics of every dataset below some folders, together for each kind of rig.

    Args:
        roots: the folders.
        state: what was counted before.
        how: by what.

    Raises:
        ConfigError: the engine cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    require_engine(how.engine)
    sources, troubles = find(roots, state)
    cases, failed = tried_all(sources, lambda source: _case(source, state))
    troubles += failed
    items = [
        {
            "root": str(case.source.root),
            "name": f"{case.source.root}, episodes {episodes.start} to {episodes.stop - 1}",
            "digest": case.digest,
            "part": str(part),
            "episodes": [*episodes],
        }
        for case in cases
        for part, episodes in case.to_read
    ]
    done = carry_out(
        Chore("measuring", {}, items, [str(each.root) for each in sources]), state, how
    )
    whole, left = [], 0
    for case in cases:
        left += (missing := sum(len(episodes) for _, episodes in case.to_read))
        if not missing:
            whole.append(case)
    read = sum(each["episodes"] for each in done.results.values())
    return FleetStats([*_rigs(whole)], [*troubles, *done.troubles], read, left, done.jobs)


def _case(source: Source, state: State) -> _Case:
    stored = stored_at(source.root)
    if not stored.info.episodes:
        raise DatasetError(f"{source.root} has no episode.")
    digest = digest_of(stored)
    name = hashlib.sha256(os.fsencode(source.root)).hexdigest()[:24]
    folder = state.folder / "counted" / name / digest[:24]
    total = len(stored.episodes())
    episodes = [range(each, min(each + BATCH, total)) for each in range(0, total, BATCH)]
    parts = [folder / f"{each.start:07d}.npz" for each in episodes]
    return _Case(source, stored.info, digest, parts, episodes)


def do(told: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Count some episodes."""
    del told
    root, part = Path(item["root"]), Path(item["part"])
    stored = _opened(root, item["digest"])
    tally = Tally.joined([tally_of(stored, each) for each in item["episodes"]])
    part.parent.mkdir(0o700, parents=True, exist_ok=True)
    tally.save(part)
    return {"episodes": len(item["episodes"])}


@lru_cache(maxsize=2)
def _opened(root: Path, digest: str) -> Stored:
    stored = stored_at(root)
    if digest_of(stored) != digest:
        raise DatasetError(f"{root} was changed while it was counted; run the same command again.")
    return stored


def _rigs(cases: Sequence[_Case]) -> Iterator[RigStats]:
    alike: dict[str, list[_Case]] = {}
    for case in cases:
        alike.setdefault(_form(case.info), []).append(case)
    for same in alike.values():
        whole = Tally.of_all(Tally.load(part) for case in same for part in case.parts)
        info = same[0].info
        yield RigStats(
            info.robot_type or "",
            [each.source.root for each in same],
            whole.episodes,
            whole.frames,
            whole.statistics(),
            {key: info.features[key].names for key in counted(info)[0]},
        )


def _form(info: Info) -> str:
    """The same for datasets whose frames can be counted together."""
    vectors, cameras = counted(info)
    numbers = [[key, info.features[key].shape, info.features[key].names] for key in vectors]
    return json.dumps([info.robot_type, numbers, cameras])
