import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from lerecord.caught import stderr_caught


def test_only_lines_that_are_asked_for_are_caught(capfd: pytest.CaptureFixture[str]) -> None:
    with stderr_caught(("Corrupt", "Premature")) as lines:
        os.write(2, b"Corrupt JPEG data\nanother line\nPremature end\nno end of line")
        assert lines == []
    assert lines == ["Corrupt JPEG data", "Premature end"]
    os.write(2, b" and on")
    assert capfd.readouterr().err == "another line\nno end of line and on"


def test_what_another_thread_writes_is_not_lost(capfd: pytest.CaptureFixture[str]) -> None:
    with stderr_caught(("Corrupt",)) as lines:
        thread = threading.Thread(target=os.write, args=(2, b"from elsewhere \xff\n"))
        thread.start()
        thread.join()
    assert lines == []
    assert capfd.readouterr().err.startswith("from elsewhere")


def test_stderr_is_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with stderr_caught(("x",)):
        pass  # what is kept for the process is open from here on
    open_before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        with pytest.raises(ValueError, match="wrong"), stderr_caught(("x",)):
            raise ValueError("wrong")
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"
    assert len(list(Path("/dev/fd").iterdir())) == open_before


def test_who_says_more_than_fits_is_not_stopped_by_it(capfd: pytest.CaptureFixture[str]) -> None:
    with stderr_caught(("Corrupt",)) as lines, suppress(BlockingIOError):
        os.write(2, b"Corrupt JPEG data\n")
        for _ in range(64):
            os.write(2, b"a line\n" * 1024)
    assert lines == ["Corrupt JPEG data"]
    assert capfd.readouterr().err.startswith("a line\n")
