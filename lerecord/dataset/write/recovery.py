"""`lerecord recover`: takes that were left by a kill become episodes, or are discarded."""

import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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
from lerecord.printable import print_line, shown

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


def recover(root: Path, discard_all: bool = False, redone: TakePlace | None = None) -> int:
    """Keep what was left, or ask at a terminal, and say what became of it; the exit status.

    Args:
        root: the dataset.
        discard_all: remove what was left instead.
        redone: where takes go that were to replace an episode; None asks at a terminal, and puts
            the complete ones in their place without one.

    Raises:
        DatasetError: there is no dataset, another process has it, or the disk refuses.
    """
    takes = _staged(root)
    if not takes and not has_pending(root):
        if not (root / layout.PRIVATE).is_dir() and not holds_dataset(root):
            raise DatasetError(f"{root} is not a dataset; give its folder.")
        print_line(f"{root}: nothing to recover.")
        return 0
    if is_foreign(root) and not takes:
        return _finish(root)
    if takes and not holds_dataset(root) and not _readable(root):
        with DatasetLock(root):
            return 2 if _unreadable(root, takes, discard_all) else 0
    ask = sys.stdin.isatty() and sys.stdout.isatty() and not discard_all and redone is None
    failed = 0
    with opened_to_recover(root) as writer:
        for name in _staged(root):
            try:
                left = None if discard_all else look_at(root, name)
                place = None if left is None else _place(left) if ask else redone or "its own"
                if left is None or place is None:
                    print_line(_discarded(root, name))
                else:
                    print_line(_kept(writer, left, place))
            except DatasetError as error:
                failed += 1
                print_line(f"{name}: {error}", sys.stderr)
        print_line(f"{root} has {writer.episodes} episodes.")
    return 2 if failed else 0


def _unreadable(root: Path, takes: Sequence[str], discard_all: bool) -> int:
    """Say why none of the takes can be read, or discard them; how many stay. Needs the lock."""
    for name in takes:
        try:
            if discard_all:
                print_line(_discarded(root, name))
            else:
                ClosedTake.load(root, name)
        except DatasetError as error:
            print_line(f"{name}: {error}", sys.stderr)
    return 0 if discard_all else len(takes)


def _finish(root: Path) -> int:
    """Finish or drop what a killed edit left where nothing can have been recorded."""
    with DatasetLock(root):
        finish_pending(root)
    print_line(f"{root} has {Snapshot.of(root).info.episodes} episodes.")
    return 0


_NEW: dict[str, TakePlace | None] = {"keep": "its own", "discard": None}
_REDONE: dict[str, TakePlace | None] = {
    "replace": "replace",
    "append": "append",
    "discard": None,
}


def _place(left: LeftTake) -> TakePlace | None:
    """Where the operator wants a take; None to discard it."""
    lost = f'{left.id}: {left.seconds:.1f} s of "{left.task}"'
    if left.replaces is None:
        question, answers = f"{lost} were never saved. (k)eep or (d)iscard? ", _NEW
    else:
        question, answers = (
            f"{lost} were to replace episode {left.replaces}. (r)eplace it, (a)ppend a new "
            f"episode or (d)iscard? ",
            _REDONE,
        )
    while True:
        try:
            _forget_what_is_typed()
            answer = input(shown(question)).strip().lower()
        except EOFError:
            return "its own"
        for name, place in answers.items():
            if answer in (name, name[0]):
                return place


def _forget_what_is_typed() -> None:
    """Keys that were pressed before the question was asked are no answer to it."""
    with suppress(termios.error, OSError):  # it is no terminal
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def _discarded(root: Path, take: str) -> str:
    frames = frames_in(root, take)
    remove_take(root, take)
    return f"{take}: discarded, {frames} frames."


def _kept(writer: DatasetWriter, left: LeftTake, place: TakePlace) -> str:
    before = writer.episodes
    episode = writer.salvage(left.id, place)
    if episode is None:
        return f"{left.id}: discarded, because it had just started."
    replaced = "" if writer.episodes > before else " replaced"
    return (
        f"{left.id}: episode {episode.index}{replaced}, {episode.length} of {left.rows} frames, "
        f"{episode.seconds:.1f} s, {episode.task}"
    )
