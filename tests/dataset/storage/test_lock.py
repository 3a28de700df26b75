import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.storage import DatasetLock
from lerecord.errors import DatasetError

_HOLD = """
import sys
from pathlib import Path
from lerecord.dataset.storage.lock import DatasetLock
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


@pytest.mark.parametrize("lock", ["link", "dangling link", "hard link", "pipe", "folder"])
def test_a_lock_that_is_no_file_of_the_dataset_is_refused(tmp_path: Path, lock: str) -> None:
    root, dear = tmp_path / "set", tmp_path / "dear"
    dear.write_text("dear")
    path = root / layout.LOCK
    path.parent.mkdir(parents=True)
    match lock:
        case "link":
            path.symlink_to(dear)
        case "dangling link":
            path.symlink_to(tmp_path / "none")
        case "hard link":
            os.link(dear, path)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
    with (
        pytest.raises(DatasetError, match=r"lock is (a link|a hard link|not a file)"),
        DatasetLock(root),
    ):
        raise AssertionError("it was locked")
    assert dear.read_text() == "dear"
    assert not (tmp_path / "none").exists()


def test_the_private_part_is_not_for_everybody_to_write(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with DatasetLock(tmp_path / "new/set"):
            pass
    finally:
        os.umask(before)
    made = [tmp_path / "new", *(tmp_path / "new").rglob("*")]
    assert len(made) == 4
    assert [path for path in made if path.stat().st_mode & stat.S_IWOTH] == []
