"""Waiting until something is on the disk."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_MODE = 0o775  # not for everybody to write, whatever the umask
_AT_ONCE = 4


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
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for each in [pool.submit(sync_file, path) for path in paths]:
            each.result()


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
