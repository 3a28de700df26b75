"""The videos of many datasets encoded anew, in place; what has these settings already stays."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout, profile_of
from lerecord.dataset.read import stored_at
from lerecord.dataset.storage import size_of
from lerecord.errors import ConfigError
from lerecord.fleet.chores import Chore, HowToWork, carry_out
from lerecord.fleet.engine import require_engine
from lerecord.fleet.sources import Root, Source, Trouble, digest_of, find, tried
from lerecord.fleet.state import State
from lerecord.fleet.store import is_remote


@dataclass(frozen=True, slots=True)
class DatasetTranscode:
    """What came of one dataset.

    Attributes:
        dataset: its folder.
        changed: videos were encoded anew.
        video_bytes_before: size of all videos.
        video_bytes: likewise, now.
        left: it is still to be done.
    """

    dataset: Path
    changed: bool
    video_bytes_before: int
    video_bytes: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class FleetTranscode:
    """What came of all of them.

    Attributes:
        datasets: by path.
        troubles: what could not be encoded anew, and is as it was.
        jobs: of Slurm, when the work was given to it.
    """

    datasets: Sequence[DatasetTranscode]
    troubles: Sequence[Trouble]
    jobs: Sequence[str] = ()


def transcode(roots: Sequence[Root], state: State, profile: str, how: HowToWork) -> FleetTranscode:
    """Encode every video anew that has other settings; each dataset is changed wholly or not.

    Args:
        roots: folders of datasets.
        state: remembers which have these settings.
        profile: whose settings every video has then.
        how: by what.

    Raises:
        ConfigError: the profile is not known, a root is no folder of this machine, the engine
            cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    require_engine(how.engine)
    profile_of(profile)
    _require_here(roots)
    sources, troubles = find(roots, state)
    waiting: list[Source] = []
    for source in sources:
        known = tried(source, lambda source=source: _is_done(state, source.root, profile))  # type: ignore[misc]
        if isinstance(known, Trouble):
            troubles.append(known)
        elif not known:
            waiting.append(source)
    items = [{"root": str(each.root), "name": str(each.root)} for each in waiting]
    told = {"profile": profile, "state": str(state.folder)}
    roots_found = [str(each.root) for each in sources]
    done = carry_out(Chore("transcoding", told, items, roots_found), state, how)
    troubles += done.troubles
    bad = {each.place for each in troubles}
    datasets = [
        _result(each, done.results.get(str(each.root)), each in waiting)
        for each in sources
        if each.root not in bad
    ]
    return FleetTranscode(datasets, troubles, done.jobs)


def _require_here(roots: Sequence[Root]) -> None:
    if remote := [each for each in roots if is_remote(str(each))]:
        raise ConfigError(
            f"{remote[0]} is not on this machine, and its videos are encoded in place; run this "
            f"where it lies, or `lerecord fleet merge` it into a folder first."
        )


def _result(source: Source, result: Mapping[str, Any] | None, wanted: bool) -> DatasetTranscode:
    if result is not None:
        return DatasetTranscode(source.root, **result)
    size = size_of(source.root / layout.VIDEOS)
    return DatasetTranscode(source.root, False, size, size, left=wanted)


def _kept(root: Path) -> str:
    return f"transcoded/{hashlib.sha256(os.fsencode(root)).hexdigest()[:24]}.json"


def _is_done(state: State, root: Path, profile: str) -> bool:
    known = state.read(_kept(root))
    return known == {"profile": profile, "digest": digest_of(stored_at(root))}


def do(told: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Encode the videos of a dataset."""
    root, profile = Path(item["root"]), str(told["profile"])
    before = size_of(root / layout.VIDEOS)
    edited = operations.transcode(root, profile)
    digest = digest_of(stored_at(root))
    State(Path(told["state"])).write(_kept(root), {"profile": profile, "digest": digest})
    return {
        "changed": edited is not None,
        "video_bytes_before": before,
        "video_bytes": size_of(root / layout.VIDEOS),
    }
