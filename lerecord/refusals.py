"""What the operating system refuses, in a sentence that names the thing and what helps."""

import errno
import os
from collections.abc import Mapping

_ACCESS = "give this user access to it, or use another place"
_REMEDIES: Mapping[int, str] = {
    errno.EACCES: _ACCESS,
    errno.EPERM: _ACCESS,
    errno.EROFS: "use a place that can be written",
    errno.ENOENT: "check that it is there",
    errno.ENOTDIR: "something on the way to it is a file; correct the path",
    errno.EISDIR: "name a file instead",
    errno.EEXIST: "move what is there away, or use another place",
    errno.ENOTEMPTY: "move what is there away, or use another place",
    errno.ELOOP: "a link on the way to it leads nowhere; correct the link",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ENOSPC: "free some space on its disk",
    errno.EDQUOT: "free some space on its disk",
    errno.EFBIG: "its disk takes no file of this size; use another disk",
    errno.EIO: "check its disk",
    errno.ESTALE: "mount its disk again",
    errno.ENXIO: "check that the device is there",
    errno.ENODEV: "check that the device is there",
    errno.EBUSY: "end the program that uses it",
    errno.ETXTBSY: "end the program that uses it",
    errno.EMFILE: "raise the limit of open files with `ulimit -n`",
    errno.ENFILE: "close other programs",
}
_NO_TEMPORARY = "No usable temporary directory"


def said(error: OSError, place: str = "") -> str | None:
    """The sentence about a refusal; None when it is none that the user can do something about.

    Args:
        error: as Python raises it.
        place: what was used, where the error does not name a path.
    """
    if _NO_TEMPORARY in str(error):
        return (
            "No folder for temporary files can be written; set TMPDIR to one that this user may "
            "write to."
        )
    remedy = _REMEDIES.get(error.errno or 0)
    thing = thing_of(error, place)
    if remedy is None or not thing:
        return None
    return f"{thing} cannot be used ({error.strerror}); {remedy}."


def remedy_of(error: OSError) -> str | None:
    """What helps, as a half sentence; None when it is not known."""
    return _REMEDIES.get(error.errno or 0)


def to_read(error: Exception) -> str:
    """What helps when a file of a dataset cannot be read, as a half sentence."""
    known = remedy_of(error) if isinstance(error, OSError) else None
    if known is None or isinstance(error, FileNotFoundError):
        return "restore it from a copy"
    return known


def thing_of(error: OSError, place: str = "") -> str:
    """The path that was refused; what was used in its place where the error names none."""
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return place
    path = os.fsdecode(error.filename)
    # A bare name is one that was reached through an open folder: only the caller knows which.
    return path if os.sep in path or not place else os.path.join(place, path)  # noqa: PTH118
