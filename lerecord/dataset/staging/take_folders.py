"""The folder of the staged takes: which are there, and how one is removed."""

import contextlib
import os
from pathlib import Path

from lerecord.dataset.format import MIN_ROWS, TakeFolder, layout
from lerecord.dataset.staging.closed_take import ClosedTake
from lerecord.dataset.staging.frame_journal import read_frames
from lerecord.dataset.storage import inside, refused
from lerecord.errors import DatasetError


def remove_take(root: Path, take: str) -> None:
    """Remove a staged take, by its id; one that is half removed is no take any more.

    Raises:
        DatasetError: the disk refuses.
    """
    folder = layout.take_folder(root, take)
    trash = f".{folder.name}"
    try:
        with inside.folder(folder.parent) as above:
            os.rename(folder.name, trash, src_dir_fd=above, dst_dir_fd=above)
            os.fsync(above)  # else a power cut brings it back
    except FileNotFoundError:
        return
    except OSError as error:
        raise refused(folder, error, "the take is still there") from error
    with contextlib.suppress(OSError):
        inside.remove(folder.parent, trash)


def left_takes(root: Path) -> list[str]:
    """Ids of the staged takes, oldest first."""
    return [
        take
        for take in inside.folders(root, layout.TAKES)
        if _is_take(root, take) and not take.startswith(".")
    ]


def make_place(root: Path) -> None:
    """Make the folder of the staged takes, before a camera does, who does not sync it.

    Raises:
        DatasetError: the disk refuses.
    """
    try:
        with inside.folder(root, layout.TAKES, make=True):
            pass
    except OSError as error:
        raise refused(root, error, "no take can be staged there") from error


def unreadable_takes(root: Path) -> list[str]:
    """Ids of the takes that have frames, and whose take.json is lost or damaged."""
    takes = left_takes(root)
    return [
        name
        for name in inside.folders(root, layout.TAKES)
        if (name in takes or _has_frames(root, name)) and not _is_readable(root, name)
    ]


def frames_in(root: Path, take: str) -> int:
    """The frames that the journal of a staged take has; 0 of none, or when it cannot be read."""
    rows = f"{layout.TAKES}/{take}/rows.journal"
    try:
        inside.require_file(root, rows)
        return len(read_frames(root / rows))
    except DatasetError:
        return 0


def _has_frames(root: Path, name: str) -> bool:
    """True for a take that was not discarded and whose journal has enough for an episode."""
    return not name.startswith(".") and frames_in(root, name) >= MIN_ROWS


def _is_readable(root: Path, take: str) -> bool:
    try:
        ClosedTake.load(root, take)
    except DatasetError:  # or a recorder has committed it just now
        return inside.status(root, f"{layout.TAKES}/{take}") is None
    return True


def clear_leftovers(root: Path) -> None:
    """Remove what is no take: folders half removed, or never begun; needs the lock.

    One that has frames but has lost its take.json stays: only what was never anything goes.
    Of a link to a folder only the link goes.
    """
    takes = left_takes(root)
    for name in inside.names(root, layout.TAKES):
        if name not in takes and not _has_frames(root, name):
            with contextlib.suppress(OSError):
                inside.remove(root, f"{layout.TAKES}/{name}")


def _is_take(root: Path, take: str) -> bool:
    facts = TakeFolder(layout.take_folder(root, take)).facts.name
    return inside.status(root, f"{layout.TAKES}/{take}/{facts}") is not None
