"""Reaching what lies below a folder, and never through a link.

A dataset may come from a stranger: a link in it, or a pipe in the place of a file, would lead a
command to something else of the user. Whatever lerecord writes or deletes is reached here, folder
by folder, each opened without following a link. The folder itself may be named through one: that
is the user's own choice. Reading may follow links to files; a Hub cache consists of them.
"""

import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lerecord.errors import DatasetError
from lerecord.refusals import remedy_of

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # opening a pipe must not wait
FOLDER_MODE = 0o775  # never writable for everybody, whatever the umask
FILE_MODE = 0o664


@contextmanager
def folder(root: Path, name: str = "", make: bool = False) -> Iterator[int]:
    """Open a folder below `root`.

    Args:
        root: may be reached through links.
        name: path below it, "" for itself.
        make: make the folders on the way that are missing, but not `root`.

    Yields:
        A descriptor, valid in the block.

    Raises:
        DatasetError: there is a link or a file on the way, or the name leads out of `root`.
        OSError: it is missing, or the system refuses.
    """
    parts = _parts(name)
    descriptor = os.open(root, _FOLDER)
    try:
        for depth, part in enumerate(parts):
            below = _down(descriptor, part, make, root.joinpath(*parts[: depth + 1]))
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def _down(above: int, part: str, make: bool, path: Path) -> int:
    status = _status(above, part)
    if status is None and make:
        with suppress(FileExistsError):
            os.mkdir(part, FOLDER_MODE, dir_fd=above)
            os.fsync(above)  # before anything is put into it: it would be lost with the folder
    elif status is not None:
        if stat.S_ISLNK(status.st_mode):
            raise DatasetError(
                f"{path} is a link, and lerecord changes nothing behind links; put the folder "
                f"itself there, or remove the link."
            )
        if not stat.S_ISDIR(status.st_mode):
            raise DatasetError(f"{path} is not a folder; move it away and try again.")
    return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=above)  # should it be a link by now


def open_file(root: Path, name: str, flags: int, mode: int = FILE_MODE) -> int:
    """Open a file below `root`; with O_CREAT its folders are made, too.

    Returns:
        A descriptor that the caller closes.

    Raises:
        DatasetError: as `folder`; or it is a link, anything else than a file, or to be written
            although it has a second name elsewhere.
        OSError: it is missing, or the system refuses.
    """
    *parents, last = _parts(name)
    with folder(root, "/".join(parents), make=bool(flags & os.O_CREAT)) as above:
        _require_file(_status(above, last), root / name)
        descriptor = os.open(last, flags | _FILE, mode, dir_fd=above)
    try:
        opened = os.fstat(descriptor)
        _require_file(opened, root / name)
        if opened.st_nlink > 1 and flags & (os.O_WRONLY | os.O_RDWR):
            raise DatasetError(
                f"{root / name} is a hard link, and what it shares its content with would change "
                f"as well; put a copy in its place."
            )
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def require_file(root: Path, name: str) -> bool:
    """False when there is nothing; raises DatasetError for anything but a file of `root`'s own."""
    found = status(root, name)
    _require_file(found, root / name)
    return found is not None


def read(root: Path, name: str, limit_bytes: int) -> bytes:
    """The content of a file below `root`.

    Raises:
        DatasetError: as `open_file`, or it is larger than the limit.
        OSError: it is missing, or the system refuses.
    """
    with os.fdopen(open_file(root, name, os.O_RDONLY), "rb") as file:
        data = file.read(limit_bytes + 1)
    if len(data) > limit_bytes:
        raise DatasetError(
            f"{root / name} is larger than the {limit_bytes} bytes that such a file can have; "
            f"remove it."
        )
    return data


def write(root: Path, name: str, data: bytes) -> None:
    """Put a file of this content in its place, by one rename; it is on the disk then."""
    *parents, last = _parts(name)
    draft = Path(last).with_suffix(".draft").name
    with folder(root, "/".join(parents), make=True) as above:
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=above)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
        with os.fdopen(os.open(draft, flags, FILE_MODE, dir_fd=above), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, last, src_dir_fd=above, dst_dir_fd=above)
        os.fsync(above)


def remove(root: Path, name: str) -> None:
    """Remove a file, a link, or a folder with everything in it; none is fine."""
    *parents, last = _parts(name)
    with suppress(FileNotFoundError), folder(root, "/".join(parents)) as above:
        found = _status(above, last)
        if found is None:
            return
        if stat.S_ISDIR(found.st_mode):
            shutil.rmtree(last, dir_fd=above)
        else:
            os.unlink(last, dir_fd=above)


def status(root: Path, name: str) -> os.stat_result | None:
    """What is there, of a link the link itself; None of nothing."""
    *parents, last = _parts(name)
    return statuses(root, "/".join(parents), [last])[0]


def statuses(root: Path, name: str, entries: Iterable[str]) -> list[os.stat_result | None]:
    """As `status`, of several entries of one folder."""
    entries = list(entries)
    try:
        with folder(root, name) as descriptor:
            return [_status(descriptor, each) for each in entries]
    except (FileNotFoundError, NotADirectoryError):
        return [None] * len(entries)
    except OSError as error:
        raise _unreadable(root / name, error) from error


def names(root: Path, name: str = "") -> list[str]:
    """What a folder below `root` holds, sorted; nothing when it is missing."""
    try:
        with folder(root, name) as descriptor, os.scandir(descriptor) as entries:
            return sorted(each.name for each in entries)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(root / name, error) from error


def folders(root: Path, name: str = "") -> list[str]:
    """The folders in a folder below `root`, sorted, without links to any."""
    try:
        with folder(root, name) as descriptor, os.scandir(descriptor) as entries:
            return sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _unreadable(root / name, error) from error


def clear(root: Path, *kept: str) -> None:
    """Remove everything in a folder but the entries of these names."""
    for name in names(root):
        if name not in kept:
            remove(root, name)


def remove_strange(root: Path) -> None:
    """Remove everything below a folder that is neither a folder nor a file, such as links."""
    for _, below, files, descriptor in os.fwalk(root):
        for name in (*below, *files):
            found = _status(descriptor, name)
            if found is not None and not _is_plain(found):
                os.unlink(name, dir_fd=descriptor)


def keep_from_others(path: Path) -> None:
    """Let not everybody write a new file, whatever the umask was when it was made."""
    found = path.stat()
    if found.st_mode & stat.S_IWOTH and found.st_nlink == 1:
        path.chmod(stat.S_IMODE(found.st_mode) & ~stat.S_IWOTH)


def _parts(name: str) -> list[str]:
    parts = name.split("/") if name else []
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise DatasetError(f"{name!r} is not the name of a file in a dataset; rename it.")
    return parts


def _status(above: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=above, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _is_plain(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)


def _unreadable(path: Path, error: OSError) -> DatasetError:
    remedy = remedy_of(error) or "make it readable"
    return DatasetError(f"{path} cannot be read ({error.strerror}); {remedy} and try again.")


def _require_file(found: os.stat_result | None, path: Path) -> None:
    if found is None or stat.S_ISREG(found.st_mode):
        return
    kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a file"
    raise DatasetError(
        f"{path} is {kind} where a file of the dataset's own is expected; remove it, or put the "
        f"file itself there."
    )
