"""The power goes, at any call of any operation: nothing that was sure is lost.

Each operation is done once under strace. From its calls a model of the file system knows what is on
the disk for sure after each of them, and what may be; of the many trees that a cut may leave, some
are written to a folder, opened by the next command and judged. `LERECORD_CRASH_DEPTH=2` takes every
operation and many more states (half an hour); docs/explanation/power-cuts.md has its figures.
"""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.power.calls import missing
from tests.power.cuts import cuts
from tests.power.disk import ROOT, Disk
from tests.power.explore import Recording
from tests.power.operations import OPERATIONS
from tests.power.replay import Replay

DEEP = os.environ.get("LERECORD_CRASH_DEPTH") == "2"
NAMES = list(OPERATIONS) if DEEP else ["first takes", "take", "delete", "merge"]
JOURNAL, POSIX = (800, 250) if DEEP else (20, 15)
REASON = missing()
traced = pytest.mark.skipif(REASON is not None, reason=str(REASON))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that can be: the syncs of what is judged would take most of the time."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="lerecord-", dir=memory))
    yield made
    shutil.rmtree(made)


@traced
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", NAMES)
def test_a_power_cut_at_any_call_loses_nothing_that_was_sure(name: str, folder: Path) -> None:
    recording = Recording(name, folder)
    assert len(recording.moments) > 10
    journal = recording.judged(journal=True, budget=JOURNAL)
    posix = recording.judged(journal=False, budget=POSIX)
    print(
        f"| {name} | {len(recording.moments)} | {journal.states} | {len(journal.failures)} "
        f"| {posix.states} | {len(posix.failures)} | {posix.halves} | {posix.broken_halves} |"
    )
    assert journal.failures == []
    assert posix.failures == []
    assert journal.states >= min(JOURNAL, 20)


@traced
def test_what_is_not_synced_is_missed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same calls, had the syncs of folders not been among them."""
    sync = Disk.sync

    def of_files_only(disk: Disk, inode: int, before: int) -> None:
        if inode not in disk.folders:
            sync(disk, inode, before)

    recording = Recording("append", folder)
    monkeypatch.setattr(Disk, "sync", of_files_only)
    assert recording.judged(journal=False, budget=40).failures != []


def hexed(word: object) -> str:
    return "".join(f"\\x{byte:02x}" for byte in str(word).encode())


def test_a_descriptor_that_another_thread_gets_while_it_is_closed_is_the_other_thread_s(
    tmp_path: Path,
) -> None:
    root, first, second = hexed(tmp_path), hexed(tmp_path / "first"), hexed(tmp_path / "second")
    log = tmp_path / "log"
    opened = 'openat(AT_FDCWD<{}>, "{}", O_WRONLY|O_CREAT, 0666) = 5<{}>'
    log.write_text(
        f"11 {opened.format(root, first, first)}\n"
        f"11 close(5<{first}> <unfinished ...>\n"
        f"12 {opened.format(root, second, second)}\n"
        "11 <... close resumed>) = 0\n"
        f'12 write(5<{second}>, "{hexed("data")}", 4) = 4\n'
        f"12 fdatasync(5<{second}>) = 0\n",
        encoding="ascii",
    )
    disk = Disk.of(tmp_path / "none", journal=True)
    disk.top = tmp_path
    assert len(list(Replay(disk, tmp_path / "marks").run(log))) == 4
    assert sure(disk) == {"first": b"", "second": b"data"}


@pytest.fixture
def made(tmp_path: Path) -> Disk:
    """A folder with a file in it, made by the calls 1 to 3; nothing is synced."""
    disk = Disk.of(tmp_path, journal=False)
    disk.make(tmp_path / "a", 1, folder=True)
    file = disk.make(tmp_path / "a/b", 2, folder=False)
    disk.write(file, 0, b"data", 3)
    return disk


def sure(disk: Disk) -> dict[str, bytes]:
    first = next(cuts(disk, random.Random(0), 0))
    assert first.kind == "only what was synced"
    return {path: data for path, (_, data) in first.files.items()}


def test_a_synced_file_has_no_name_until_its_folders_are_synced(made: Disk) -> None:
    folder, file = made.find(made.top / "a"), made.find(made.top / "a/b")
    assert folder is not None
    assert file is not None
    made.sync(file, 4)
    assert sure(made) == {}
    made.sync(folder, 5)
    assert sure(made) == {}
    made.sync(ROOT, 6)
    assert sure(made) == {"a/b": b"data"}


def test_a_journal_keeps_all_names_that_came_before_a_sync(made: Disk) -> None:
    made.journal = True
    file = made.find(made.top / "a/b")
    assert file is not None
    made.sync(file, 3)  # it began before the call that writes had ended
    assert sure(made) == {"a/b": b""}
    made.sync(file, 4)
    assert sure(made) == {"a/b": b"data"}


def test_a_rename_is_sure_with_either_folder_and_all_that_came_before_it(made: Disk) -> None:
    top = made.top
    made.move(top / "a/b", top / "c", 4)
    made.sync(ROOT, 5)
    assert sure(made) == {"c": b""}
    seen = {tuple(sorted(each.files)) for each in cuts(made, random.Random(1), 5)}
    assert seen == {("c",)}
