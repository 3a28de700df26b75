"""The dataset's lock: one process changes a dataset at a time. The kernel frees it at any death."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Self

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside
from lerecord.dataset.storage.sync import make_folder
from lerecord.errors import DatasetError
from lerecord.refusals import remedy_of


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
            raise DatasetError(_cannot_be_written(self._root, error)) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise DatasetBusyError(
                f"Another lerecord (process {holder if holder.isdigit() else 'unknown'}) is "
                f"changing the dataset {self._root}; wait until it has ended, or record into "
                f"another folder."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise DatasetError(
                f"The disk of {self._root} has no locks ({error.strerror}), without which two "
                f"processes could spoil the dataset; use a local disk."
            ) from error
        with contextlib.suppress(OSError):  # a full disk: the lock holds without the number
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


def _cannot_be_written(root: Path, error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        file = next((each for each in (root, *root.parents) if each.is_file()), root)
        return (
            f"The dataset {root} cannot be written, for {file} is a file where a folder is needed; "
            f"name another folder."
        )
    remedy = remedy_of(error) or "choose another folder"
    return f"The dataset {root} cannot be written ({error.strerror}); {remedy}."
