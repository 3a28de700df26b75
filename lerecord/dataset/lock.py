"""The dataset's lock: one process changes a dataset at a time. The kernel frees it at any death."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self

from lerecord.dataset import inside, layout
from lerecord.dataset.sync import make_folder
from lerecord.errors import DatasetError


class DatasetBusyError(DatasetError):
    """Another process holds the lock."""


class DatasetLock:
    """A context manager that holds `.lerecord/lock`, made when it is not there.

    Raises:
        DatasetBusyError: on entering, when another process holds it.
        DatasetError: on entering, when the folder is not writable, or the lock is no file of its
            own.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            make_folder(self._root)
            descriptor = inside.open_file(self._root, layout.LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise DatasetError(
                f"The dataset {self._root} cannot be written ({error.strerror}); "
                f"choose a folder that can."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise DatasetBusyError(
                f"Another lerecord (process {holder or 'unknown'}) is changing the dataset "
                f"{self._root}; wait until it has ended, or record into another folder."
            ) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the number
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)
