"""`lerecord edit` and `lerecord transcode`, as a person reads them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec

from lerecord.commands import command
from lerecord.dataset.edit import Edited, Watch, operations, silent
from lerecord.dataset.format import layout
from lerecord.dataset.storage import megabytes, size_of
from lerecord.printable import print_line, print_progress

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
    back = "redo" if edited.done.kind == "undo" else "undo"
    print_line(
        f"{edited.done.said}: {root} has {edited.episodes} episodes, {edited.frames} frames; "
        f"{command('edit', back, root)} undoes this."
    )


def transcode(root: Path, profile: str) -> None:
    """Transcode a dataset and print what that gave.

    Raises:
        ConfigError: the profile is not known, or its encoder does not open.
        DatasetError: it is refused; nothing has changed.
    """
    before = size_of(root / layout.VIDEOS)
    edited = operations.transcode(root, profile, watch())
    if edited is None:
        print_line(f"Every video of {root} is of the profile {profile} already; nothing to do.")
        return
    print_line(
        f"{edited.done.said}: the videos of {root} take {megabytes(size_of(root / layout.VIDEOS))} "
        f"instead of {megabytes(before)}; {command('edit', 'undo', root)} undoes this, until "
        f"{command('edit', 'empty-trash', root)} deletes the old ones."
    )


def watch() -> Watch:
    """Shows the progress at a terminal."""
    return Watch(_show if sys.stderr.isatty() else silent)


def empty_trash(root: Path) -> None:
    """Empty the trash and print what that gave.

    Raises:
        DatasetError: another process has the dataset, or the disk refuses.
    """
    freed = operations.empty_trash(root, watch())
    print_line(f"{root}: the trash is empty; {megabytes(freed)} freed.")


def _show(done: int, total: int) -> None:
    if done == total:
        print_progress("")
    elif done == 0 or _percent(done, total) != _percent(done - 1, total):
        print_progress(f"changing files, {_percent(done, total)} %")


def _percent(done: int, total: int) -> int:
    return 100 * done // total
