import errno
import os

import pytest

from lerecord.refusals import said


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied", "/data/set"),
            "/data/set cannot be used (Permission denied); give this user access to it, or use "
            "another place.",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", b"/data/set"),
            "/data/set cannot be used (No such file or directory); check that it is there.",
        ),
        (
            FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"),
            "No folder for temporary files can be written; set TMPDIR to one that this user may "
            "write to.",
        ),
        (OSError(errno.EBADF, "Bad file descriptor"), None),
        (OSError(errno.EBADF, "Bad file descriptor", "/data"), None),
        (PermissionError(errno.EACCES, "Permission denied"), None),
        (PermissionError(errno.EACCES, "Permission denied", 3), None),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), None),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(error: OSError, sentence: str | None) -> None:
    assert said(error) == sentence


def test_a_bare_name_is_told_with_its_folder() -> None:
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), "info.json")
    assert (said(error, "/data/set") or "").startswith("/data/set/info.json cannot be used (Read-")
