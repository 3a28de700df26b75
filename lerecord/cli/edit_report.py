"""`lerecord edit` and `lerecord transcode`, as a person reads them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Concatenate, ParamSpec

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.edit import Edited, Watch, operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import megabytes, size_of

_P = ParamSpec("_P")


def run(
    output: Output,
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
    output.result(
        {
            "dataset": root,
            "operation": edited.done.kind,
            "said": edited.done.said,
            "episodes": edited.episodes,
            "frames": edited.frames,
        },
        [
            f"{edited.done.said}: {root} has {counted(edited.episodes, 'episode')}, "
            f"{counted(edited.frames, 'frame')}; {command('edit', back, root)} undoes this."
        ],
    )


def transcode(root: Path, profile: str, output: Output) -> None:
    """Transcode a dataset and print what that gave.

    Raises:
        ConfigError: the profile is not known, or its encoder does not open.
        DatasetError: it is refused; nothing has changed.
    """
    before = size_of(root / layout.VIDEOS)
    with watch("encoded") as watched:
        edited = operations.transcode(root, profile, watched)
    after = size_of(root / layout.VIDEOS)
    said = f"Every video of {root} is of the profile {profile} already; nothing to do."
    if edited is not None:
        said = (
            f"{edited.done.said}: the videos of {root} take {megabytes(after)} instead of "
            f"{megabytes(before)}; {command('edit', 'undo', root)} undoes this, until "
            f"{command('edit', 'empty-trash', root)} deletes the old ones."
        )
    sizes = {"video_bytes_before": before, "video_bytes": after}
    done = {"dataset": root, "profile": profile, "changed": edited is not None}
    output.result({**done, **sizes}, [said])


@contextmanager
def watch(verb: str = "changing files") -> Iterator[Watch]:
    """Shows the progress at a terminal."""
    with Progress() as progress:
        yield Watch(progress.told(verb))


def empty_trash(root: Path, output: Output) -> None:
    """Empty the trash and print what that gave.

    Raises:
        DatasetError: another process has the dataset, or the disk refuses.
    """
    with watch() as watched:
        freed = operations.empty_trash(root, watched)
    output.result(
        {"dataset": root, "operation": "empty-trash", "freed_bytes": freed},
        [f"{root}: the trash is empty; {megabytes(freed)} freed."],
    )
