"""The hidden folder beside a dataset in which a command works: this user's alone."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.dataset.storage import inside
from lerecord.dataset.storage.lock import DatasetLock
from lerecord.dataset.storage.sync import make_folder
from lerecord.errors import DatasetError


@contextmanager
def work_folder(path: Path) -> Iterator[None]:
    """Make a folder for this user alone, or take the one that a killed command left, and lock it.

    Of what was left everything that lerecord would keep in a dataset's private part goes, for it
    need not be lerecord that left it.

    Raises:
        DatasetError: what is there is a link, no folder, or another user's; or another process
            works there.
        OSError: the system refuses.
    """
    make_folder(path.parent)
    with suppress(FileExistsError):
        path.mkdir(0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a folder of yours"
        raise DatasetError(
            f"{path} is {kind}, and lerecord would work in it; remove it and try again."
        )
    path.chmod(0o700)
    with DatasetLock(path):
        inside.clear(path / layout.PRIVATE, Path(layout.LOCK).name)
        yield


def show(path: Path) -> None:
    """Give a folder that was this user's alone the mode that any new folder has."""
    umask = os.umask(0o077)
    os.umask(umask)
    path.chmod(inside.FOLDER_MODE & ~umask)
