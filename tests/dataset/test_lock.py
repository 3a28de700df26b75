import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.dataset.lock import DatasetLock
from lerecord.errors import DatasetError

_HOLD = """
import sys
from pathlib import Path
from lerecord.dataset.lock import DatasetLock
with DatasetLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_holds_it_at_a_time(tmp_path: Path) -> None:
    with (
        DatasetLock(tmp_path),
        pytest.raises(DatasetError, match=rf"Another lerecord \(process {os.getpid()}\)"),
        DatasetLock(tmp_path),
    ):
        raise AssertionError("two held it")
    with DatasetLock(tmp_path):
        pass


def test_a_killed_holder_frees_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DatasetError, match=rf"process {holder.pid}\)"), DatasetLock(tmp_path):
            raise AssertionError("two held it")
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with DatasetLock(tmp_path):
            pass


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(DatasetError, match="cannot be written"),
        DatasetLock(tmp_path / "file"),
    ):
        raise AssertionError("a file was locked")
