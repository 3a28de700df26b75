"""Takes that were left by a kill become episodes, or are discarded."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lerecord.dataset.format import is_foreign, layout
from lerecord.dataset.staging import (
    ClosedTake,
    LeftTake,
    frames_in,
    left_takes,
    look_at,
    remove_take,
    unreadable_takes,
)
from lerecord.dataset.storage import (
    DatasetBusyError,
    DatasetLock,
    Snapshot,
    finish_pending,
    has_pending,
    holds_dataset,
)
from lerecord.dataset.write.take_place import TakePlace
from lerecord.dataset.write.writer import DatasetWriter, EpisodeSummary
from lerecord.errors import DatasetError

_WAIT_S = 2.0
_QUIET_S = 0.3
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as this module takes it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


_REAL = Clock()


def salvage(root: Path, take: str) -> EpisodeSummary | None:
    """Make an episode of what is whole of a left take; None when that is too little.

    Raises:
        DatasetError: there is no such take, another process has the dataset, or the disk refuses.
    """
    with opened_to_recover(root) as writer:
        return writer.salvage(take)


def discard(root: Path, take: str) -> None:
    """Remove a left take.

    Raises:
        DatasetError: there is no such take, or another process has the dataset.
    """
    with opened_to_recover(root) as writer:
        writer.discard(ClosedTake.load(root, take))


def opened_to_recover(root: Path, clock: Clock = _REAL) -> DatasetWriter:
    """Open a dataset whose recorder was killed, as soon as its last processes have ended.

    Raises:
        DatasetError: it is none, or another process has it for longer.
    """
    until = clock.now() + _WAIT_S
    while True:
        try:
            writer = _opened(root)
            break
        except DatasetBusyError:
            if clock.now() >= until:
                raise
            clock.sleep(_POLL_S)
    _wait_until_quiet(root, until, clock)
    return writer


def _opened(root: Path) -> DatasetWriter:
    """Before its first episode a dataset is known by its takes alone."""
    if not holds_dataset(root) and (left := _readable(root)):
        return DatasetWriter.open_or_create(root, ClosedTake.load(root, left[0]).facts.spec)
    return DatasetWriter.open(root)


def _staged(root: Path) -> list[str]:
    return sorted({*left_takes(root), *unreadable_takes(root)})


def _readable(root: Path) -> list[str]:
    damaged = unreadable_takes(root)
    return [take for take in left_takes(root) if take not in damaged]


def _wait_until_quiet(root: Path, until: float, clock: Clock) -> None:
    """A camera's process ends its track within a second of its recorder's death."""
    before, since = _sizes(root), clock.now()
    recent = time.time() - _WAIT_S
    if all(changed < recent for _, changed in before.values()):
        return
    while clock.now() < min(until, since + _QUIET_S):
        clock.sleep(_POLL_S)
        if (after := _sizes(root)) != before:
            before, since = after, clock.now()


def _sizes(root: Path) -> dict[Path, tuple[int, float]]:
    found = {}
    for path in (root / layout.TAKES).glob("*/*"):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found[path] = status.st_size, status.st_mtime
    return found


Place = Callable[[LeftTake], TakePlace | None]
"""Says where a left take goes; None discards it."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of a left take.

    Attributes:
        take: its id.
        frames: that were left of it; None when nobody can tell.
        outcome: `failed` leaves it where it is.
        episode: that it has become.
        failure: why it failed, in a sentence.
    """

    take: str
    frames: int | None
    outcome: Literal["appended", "replaced", "discarded", "too short", "failed"]
    episode: EpisodeSummary | None = None
    failure: str | None = None


def its_own(_: LeftTake) -> TakePlace:
    """Complete takes go where they were to go."""
    return "its own"


def recover(
    root: Path,
    place: Place | None = its_own,
    tell: Callable[[Recovered], object] = lambda _: None,
) -> int | None:
    """Make episodes of what was left, or discard it.

    Args:
        root: the dataset.
        place: asked for each take; None discards all, also those that cannot be read.
        tell: told what became of each.

    Returns:
        How many episodes the dataset has; None when there was nothing to do.

    Raises:
        DatasetError: there is no dataset, another process has it, or the disk refuses.
    """
    takes = _staged(root)
    if not takes and not has_pending(root):
        if not (root / layout.PRIVATE).is_dir() and not holds_dataset(root):
            raise DatasetError(f"{root} is not a dataset; give its folder.")
        return None
    if is_foreign(root) and not takes:
        return _finish(root)
    if takes and not holds_dataset(root) and not _readable(root):
        with DatasetLock(root):
            for name in takes:
                tell(_discarded(root, name) if place is None else _unreadable(root, name))
        return 0
    with opened_to_recover(root) as writer:
        for name in _staged(root):
            tell(_discarded(root, name) if place is None else _recovered(writer, name, place))
        return writer.episodes


def _unreadable(root: Path, take: str) -> Recovered:
    """Say why a take cannot be read."""
    try:
        ClosedTake.load(root, take)
    except DatasetError as error:
        return Recovered(take, None, "failed", failure=str(error))
    return Recovered(take, None, "failed", failure="It became readable meanwhile; try again.")


def _discarded(root: Path, take: str) -> Recovered:
    """Remove a take, whether it can be read or not. Needs the lock."""
    frames = frames_in(root, take)
    try:
        remove_take(root, take)
    except DatasetError as error:
        return Recovered(take, frames, "failed", failure=str(error))
    return Recovered(take, frames, "discarded")


def _finish(root: Path) -> int:
    """Finish or drop what a killed edit left where nothing can have been recorded."""
    with DatasetLock(root):
        finish_pending(root)
    return Snapshot.of(root).info.episodes


def _recovered(writer: DatasetWriter, name: str, place: Place) -> Recovered:
    frames = None
    try:
        left = look_at(writer.root, name)
        frames = left.rows
        target = place(left)
        if target is None:
            return _discarded(writer.root, name)
        before = writer.episodes
        episode = writer.salvage(name, target)
        if episode is None:
            return Recovered(name, frames, "too short")
        appended = writer.episodes > before
        return Recovered(name, frames, "appended" if appended else "replaced", episode)
    except DatasetError as error:
        return Recovered(name, frames, "failed", failure=str(error))
