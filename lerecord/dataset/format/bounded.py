"""Reading a file that somebody else may have put there: a regular one, and no more than fits.

A FIFO would wait for ever and a device never ends; a sparse file is large only in name.
"""

import os
import stat
from pathlib import Path

from lerecord.dataset.format import layout
from lerecord.errors import DatasetError

MB = 1 << 20
_LIMITS = {
    layout.INFO: 32 * MB,
    layout.HARDWARE: 32 * MB,
    layout.STATS: 64 * MB,
    layout.TASKS: 256 * MB,
    layout.EPISODES: 512 * MB,
    **dict.fromkeys(layout.ANNOTATIONS.values(), 512 * MB),
    layout.EPISODES_STATS: 384 * MB,
}
"""200,000 episodes stay below a half of each; of statistics, which take some 2 KB an episode, below
all of it."""
_OTHER_LIMIT = 32 * MB
_CHUNK = MB


def read_meta_file(path: Path, name: str, at_most: int | None = None) -> bytes:
    """A file of JSON below meta/ or capture/.

    Args:
        path: where it is.
        name: what it is, one of layout's; its size is bounded by that.
        at_most: bytes from its beginning; all of it when None.

    Raises:
        OSError: it is missing, or the disk refuses.
        DatasetError: it is no regular file, too large, or no text.
    """
    limit = _LIMITS.get(name, _OTHER_LIMIT)
    with os.fdopen(open_regular(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise DatasetError(
                f"{path} has {size / MB:.0f} MB, and at most {limit / MB:.0f} MB are read; restore "
                f"it from a copy."
            )
        wanted = limit if at_most is None else at_most
        parts: list[bytes] = []
        while wanted > 0 and (part := file.read(min(_CHUNK, wanted))):
            if b"\0" in part:
                raise DatasetError(
                    f"{path} is filled with zero bytes, so it is damaged; restore it."
                )
            parts.append(part)
            wanted -= len(part)
    return b"".join(parts)


def require_regular(path: Path) -> None:
    """Refuse a pipe or a device before a library waits for it; what is missing it finds itself.

    Raises:
        DatasetError: there is something else than a regular file, or a link to one.
    """
    try:
        found = path.stat()
    except OSError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise DatasetError(f"{path} is not a regular file; restore it from a copy.")


def open_regular(path: Path) -> int:
    """A descriptor of a regular file, to read it.

    Raises:
        OSError: it is missing, or the disk refuses.
        DatasetError: it is no regular file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise DatasetError(f"{path} is not a regular file; restore it from a copy.")
