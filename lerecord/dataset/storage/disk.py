"""What a disk can do and what it refuses: room, second names, and the sentence when it is full."""

import errno
import os
import shutil
import stat
import zlib
from pathlib import Path

from lerecord.errors import DatasetError
from lerecord.refusals import remedy_of, thing_of

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS)

StrPath = str | os.PathLike[str]

_ENDS_BYTES = 4096  # headers and indices of parquet and mp4, which hold counts, sizes and bounds


def refused(place: Path, error: OSError, consequence: str, needed_bytes: int = 0) -> DatasetError:
    """The failure to raise when the disk of a folder refuses to be written.

    Args:
        place: the dataset.
        error: what the system said.
        consequence: what it means for the data, a half sentence.
        needed_bytes: that the work takes on the disk; 0 when it is not known.
    """
    if error.errno not in _FULL:
        remedy = remedy_of(error)
        if error.errno == errno.EIO or remedy is None:
            thing, remedy = f"The disk of {place} refused", "Mend it"
        else:
            thing, remedy = f"{thing_of(error, str(place))} cannot be used", remedy.capitalize()
        return DatasetError(f"{thing} ({error.strerror}); {consequence}. {remedy} and try again.")
    room = f"{megabytes(needed_bytes)} are needed and " if needed_bytes else ""
    return DatasetError(
        f"The disk of {place} is full ({error.strerror}; {room}{megabytes(_free(place))} are "
        f"free); {consequence}. Make room and try again."
    )


def megabytes(size_bytes: int) -> str:
    """A size as people read it, never rounded down."""
    return f"{-(-size_bytes // 100_000) / 10:.1f} MB"


def size_of(folder: Path) -> int:
    """Bytes of the files in a folder and below; what vanishes meanwhile does not count."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def link_or_copy(source: StrPath, target: StrPath) -> bool:
    """Give a file a second name; copied, and False, where the disk knows no second names.

    A link is followed: the second name is one of the file that it leads to.
    """
    try:
        is_link = stat.S_ISLNK(os.lstat(source).st_mode)
        os.link(os.path.realpath(source) if is_link else source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)
        return False
    return True


def fingerprint_of(path: StrPath) -> str:
    """What tells files of a dataset apart without reading all of them: size, head and tail."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _ENDS_BYTES, 0)
        tail = os.pread(descriptor, _ENDS_BYTES, size - _ENDS_BYTES) if size > len(head) else head
    finally:
        os.close(descriptor)
    return f"{size}-{zlib.crc32(tail, zlib.crc32(head)):08x}"


def _free(place: Path) -> int:
    existing = next(each for each in (place, *place.absolute().parents) if each.exists())
    return shutil.disk_usage(existing).free
