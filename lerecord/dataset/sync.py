"""Waiting until something is on the disk."""

import os
from collections.abc import Iterable
from pathlib import Path


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


def sync_folders(root: Path, folders: Iterable[Path]) -> None:
    """Sync folders below root, and those above them up to root, each once."""
    seen = {root}
    for folder in folders:
        seen.update(each for each in (folder, *folder.parents) if each.is_relative_to(root))
    for folder in sorted(seen, key=lambda each: -len(each.parts)):
        if folder.exists():
            sync_file(folder)
