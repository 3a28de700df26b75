"""`lerecord edit`, as a person reads it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec

from lerecord.dataset import edit
from lerecord.dataset.disk import megabytes
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
    elif done % 20 == 0:
        print(f"\rchanging files, {100 * done // total} %", end="", file=sys.stderr, flush=True)
