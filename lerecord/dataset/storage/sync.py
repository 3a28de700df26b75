"""Waiting until something is on the disk."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

_MODE = 0o775  # not for everybody to write, whatever the umask
_AT_ONCE = 4
_TOGETHER = 32  # files that one thread has open


def datasync(descriptor: int) -> None:
    """Put a file's data on the disk; macOS has no fdatasync, fsync stands in."""
    getattr(os, "fdatasync", os.fsync)(descriptor)


def sync_file(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(paths: Iterable[Path]) -> None:
    """Sync files, some at a time: the disk commits together what waits together."""
    paths = list(paths)
    size = min(_TOGETHER, -(-len(paths) // _AT_ONCE))
    groups = [paths[start : start + size] for start in range(0, len(paths), size or 1)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for each in [pool.submit(_sync_group, group) for group in groups]:
            each.result()


def _sync_group(paths: Sequence[Path]) -> None:
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_RDONLY))
            _begin_to_write(descriptors[-1])
        for descriptor in descriptors:
            os.fsync(descriptor)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _begin_to_write(descriptor: int) -> None:
    """Let the disk begin with a file: where many wait together, one commit of it serves all."""
    if hasattr(os, "posix_fadvise"):  # not on macOS; it is a hint, fsync is what counts
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def sync_folders(folders: Iterable[Path]) -> None:
    """Sync the names in those of the folders that exist, each once, from the root down."""
    for folder in sorted(set(folders)):
        if folder.exists():
            sync_file(folder)


def make_folder(path: Path) -> None:
    """Make a folder and whatever is missing above it, from the root down.

    The name of each is on the disk before anything is put into it: a file whose folder is lost
    in a power cut is lost too, however well it was synced. A folder that is there costs nothing.
    """
    missing = []
    for folder in (path, *path.parents):
        if folder.is_dir():
            break
        missing.append(folder)
    for folder in reversed(missing):
        folder.mkdir(_MODE, exist_ok=True)
        sync_file(folder.parent)


def sync_tree(folder: Path) -> None:
    """Sync every file and folder below a folder, then the folder itself."""
    for path in sorted(folder.rglob("*"), key=lambda each: -len(each.parts)):
        if not path.is_symlink() and (path.is_file() or path.is_dir()):
            sync_file(path)
    sync_file(folder)
