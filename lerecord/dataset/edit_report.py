"""`lerecord edit` and `lerecord transcode`, as a person reads them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec

from lerecord.dataset import edit, layout
from lerecord.dataset.disk import megabytes, size_of
from lerecord.dataset.edit import Edited
from lerecord.dataset.rebuild import Watch, silent

_P = ParamSpec("_P")


def run(
    operation: Callable[Concatenate[Path, _P], Edited],
    root: Path,
    *arguments: _P.args,
    **named: _P.kwargs,
) -> None:
    """Carry an operation out and print what has become of the dataset.

    Raises:
        DatasetError: it is refused; nothing has changed.
    """
    edited = operation(root, *arguments, **named)
    print(
        f"{edited.done.said}: {root} has {edited.episodes} episodes, {edited.frames} rows; "
        f"`lerecord edit {'redo' if edited.done.kind == 'undo' else 'undo'} {root}` takes it back."
    )


def transcode(root: Path, profile: str) -> None:
    """Transcode a dataset and print what that gave.

    Raises:
        ConfigError: the profile is not known, or its encoder does not open.
        DatasetError: it is refused; nothing has changed.
    """
    before = size_of(root / layout.VIDEOS)
    edited = edit.transcode(root, profile, watch())
    if edited is None:
        print(f"Every video of {root} is of the profile {profile} already; nothing was done.")
        return
    print(
        f"{edited.done.said}: the videos of {root} take {megabytes(size_of(root / layout.VIDEOS))} "
        f"instead of {megabytes(before)}; `lerecord edit undo {root}` takes it back, until "
        f"`lerecord edit empty-trash {root}` frees the room of the old ones."
    )


def watch() -> Watch:
    """Shows the progress at a terminal."""
    return Watch(_show if sys.stderr.isatty() else silent)


def empty_trash(root: Path) -> None:
    """Empty the trash and print what that gave.

    Raises:
        DatasetError: another process has the dataset, or the disk refuses.
    """
    freed = edit.empty_trash(root, watch())
    print(f"{root}: the trash is empty; {megabytes(freed)} were in it.")


def _show(done: int, total: int) -> None:
    if done == total:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    elif done == 0 or _percent(done, total) != _percent(done - 1, total):
        print(f"\rchanging files, {_percent(done, total)} %", end="", file=sys.stderr, flush=True)


def _percent(done: int, total: int) -> int:
    return 100 * done // total
