"""What there is: every dataset that was found, and what changed since the last look."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lerecord.dataset.format import read_annotations
from lerecord.dataset.overview import episodes_of, summary
from lerecord.dataset.read import Stored, stored_at
from lerecord.fleet.labels import outcome_of
from lerecord.fleet.sources import (
    Root,
    Source,
    Trouble,
    digest_of,
    find,
    is_being_changed,
    tried_all,
)
from lerecord.fleet.state import State
from lerecord.fleet.store import is_remote

_KEPT = "status.json"
HEALTH = ("good", "remarked", "salvaged", "not known")


@dataclass(frozen=True, slots=True)
class DatasetStatus:
    """One dataset.

    Attributes:
        dataset: its folder.
        station: the folder that it lies in.
        robot_type: of the rig; None when nobody said it.
        simulated: as of `Overview`.
        fps: frames a second.
        episodes: committed ones.
        seconds: of all of them.
        tasks: each sentence and how many episodes have it.
        labels: each outcome and how many episodes have it; episodes without one do not count.
        health: each of HEALTH and how many episodes have it.
        disk_bytes: of every file.
        digest: of its metadata.
        recording: a process holds its lock now.
        change: since the last look, in words; empty when nothing changed.
    """

    dataset: Path
    station: str
    robot_type: str | None
    simulated: bool | None
    fps: int
    episodes: int
    seconds: float
    tasks: Mapping[str, int]
    labels: Mapping[str, int]
    health: Mapping[str, int]
    disk_bytes: int
    digest: str
    recording: bool = False
    change: str = ""


@dataclass(frozen=True, slots=True)
class FleetStatus:
    """Everything that was found.

    Attributes:
        datasets: by path.
        troubles: what could not be looked at.
        gone: datasets that were there at the last look, below the same folders.
    """

    datasets: Sequence[DatasetStatus]
    troubles: Sequence[Trouble]
    gone: Sequence[Path] = field(default=())


def look(roots: Sequence[Root], state: State) -> FleetStatus:
    """Look at every dataset below some folders, and keep what was seen for the next look.

    Args:
        roots: the folders.
        state: what was seen at the last look.

    Raises:
        ConfigError: the folder of the state cannot be written.
    """
    sources, troubles = find(roots, state)
    before = state.read(_KEPT)
    datasets, failed = tried_all(sources, lambda source: _look_at(source, before))
    troubles += failed
    gone = _gone(before, roots, sources)
    kept = {path: each for path, each in before.items() if Path(path) not in gone}
    seen = {
        str(each.dataset): {"episodes": each.episodes, "digest": each.digest} for each in datasets
    }
    state.write(_KEPT, {**kept, **seen})
    return FleetStatus(datasets, troubles, gone)


def _look_at(source: Source, before: Mapping[str, Any]) -> DatasetStatus:
    root = source.root
    stored = stored_at(root)
    overview = summary(root)
    kept = read_annotations(stored.meta.__getitem__)
    labels = Counter(outcome_of(kept.get(each, {})) for each in range(overview.episodes))
    digest = digest_of(stored)
    return DatasetStatus(
        dataset=root,
        station=source.station,
        robot_type=overview.robot_type,
        simulated=overview.simulated,
        fps=overview.fps,
        episodes=overview.episodes,
        seconds=overview.seconds,
        tasks=overview.tasks,
        labels={name: labels[name] for name in ("success", "failure") if labels[name]},
        health=_health(stored),
        disk_bytes=overview.disk_bytes,
        digest=digest,
        recording=is_being_changed(root),
        change=_change(before.get(str(root)), overview.episodes, digest),
    )


def _health(stored: Stored) -> dict[str, int]:
    counts = Counter(health_kind(each.health) for each in episodes_of(stored))
    return {name: counts[name] for name in HEALTH if counts[name]}


def health_kind(words: str) -> str:
    """The one of HEALTH that what `lerecord list` says of an episode comes to."""
    if words in HEALTH:
        return words
    return "salvaged" if words.startswith("salvaged") else "remarked"


def _change(before: Any, count: int, digest: str) -> str:
    if not isinstance(before, dict) or not isinstance(before.get("episodes"), int):
        return "new"
    more = count - before["episodes"]
    if more:
        return f"{more:+d} episode{'' if abs(more) == 1 else 's'}"
    return "" if before.get("digest") == digest else "edited"


def _gone(
    before: Mapping[str, Any], roots: Sequence[Root], sources: Sequence[Source]
) -> list[Path]:
    """Of what was there before; not what lies elsewhere, or on a disk that is not there now."""
    folders = [Path(root).absolute() for root in roots if not is_remote(str(root))]
    tops = [folder for folder in folders if folder.is_dir()]
    there = {each.root for each in sources}
    return [
        path
        for path in map(Path, before)
        if path not in there and any(path.is_relative_to(top) for top in tops)
    ]
