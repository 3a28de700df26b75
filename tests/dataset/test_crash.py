"""The crash matrix: every change is killed before each of its effects on the disk.

The effects are told by the mechanism itself, so a new one cannot be forgotten. After the next
opening the change is there wholly or not at all, and every other file is what it was, to the byte.
`LERECORD_CRASH_DEPTH=2` also kills each finishing at each of its steps (minutes).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import is_foreign, layout
from lerecord.dataset.staging import left_takes
from lerecord.dataset.storage import DatasetLock, has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter, recovery
from tests.dataset.lists import CAMERAS, A, B, D, Scripted, small_lab, stage, tree

REPOSITORY = Path(__file__).parents[2]
TAKE = Scripted("b", 5, 9)
DEEP = os.environ.get("LERECORD_CRASH_DEPTH", "1") == "2"


def kept(root: Path) -> dict[str, bytes]:
    """Every file in the trash."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted((root / layout.TRASH).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("crash") / "set"
    lab = small_lab(root, CAMERAS[:1])
    with lab.open() as writer:
        for take in (A, B, D):
            writer.commit(stage(lab, writer, take))
    return root


def prepared(recorded: Path, root: Path, change: str) -> Path:
    """The dataset as it is before the change."""
    shutil.copytree(recorded, root)
    if change in ("append", "rerecord", "salvage"):
        lab = small_lab(root, CAMERAS[:1])
        with lab.open() as writer:
            take = stage(lab, writer, TAKE).close()
        if change == "salvage":
            journal = take.files.rows
            journal.write_bytes(journal.read_bytes()[:-10])
    if change in ("undo", "redo", "empty-trash"):
        operations.trim(root, 1, 0.0, 0.1)
        operations.delete(root, [0])
    if change == "redo":
        operations.undo(root)
    if change == "delete of another recorder's":
        shutil.rmtree(root / layout.CAPTURE)
        for name in (layout.HARDWARE, layout.STATS):
            (root / name).unlink()
    return root


def reopened(root: Path) -> list[str]:
    """The takes that are left, once the next command has opened the dataset."""
    if is_foreign(root):
        recovery.recover(root)
        return left_takes(root)
    with DatasetWriter.open(root) as writer:
        return writer.left_takes


def killed(template: Path, folder: Path, change: str, *only: str) -> list[str]:
    """The steps of a change; `folder` holds a copy killed before each."""
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.dataset.kill_changes", template, folder, change, *only],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


CHANGES = [
    "append",
    "rerecord",
    "salvage",
    "delete",
    "delete of another recorder's",
    "trim",
    "relabel",
    "rename",
    "transcode",
    "undo",
    "redo",
    "empty-trash",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_killed_at_any_step_is_made_wholly_or_not_at_all(
    recorded: Path, tmp_path: Path, change: str
) -> None:
    template = prepared(recorded, tmp_path / "before", change)
    steps = killed(template, tmp_path / "killed", change)
    made_root = tmp_path / "killed" / str(len(steps))
    before, made = (tree(template), kept(template)), (tree(made_root), kept(made_root))
    takes = left_takes(template)
    assert before != made
    assert len(steps) >= (7 if change == "empty-trash" else 25)
    outcomes = []
    for number, step in enumerate(steps):
        root = tmp_path / "killed" / str(number)
        with DatasetLock(root):  # the kernel has freed it
            pass
        left = reopened(root)
        found = tree(root), kept(root)
        outcomes.append(found == made)
        assert found == (made if outcomes[-1] else before), step
        assert left == ([] if outcomes[-1] else takes), step
        assert not has_pending(root), step
        assert check(root, quick=True).findings == [], step
    marked = steps.index("mark")
    assert outcomes == [number > marked for number in range(len(steps))]


@pytest.mark.skipif(not DEEP, reason="takes minutes; LERECORD_CRASH_DEPTH=2 asks for it")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("change", CHANGES)
def test_finishing_a_change_may_be_killed_at_any_step_too(
    recorded: Path, tmp_path: Path, change: str
) -> None:
    template = prepared(recorded, tmp_path / "before", change)
    steps = killed(template, tmp_path / "killed", change)
    made = tree(tmp_path / "killed" / str(len(steps)))
    for number in range(len(steps)):
        again = tmp_path / f"again{number}"
        finishing = killed(tmp_path / "killed" / str(number), again, "finish")
        for second in range(len(finishing) + 1):
            root = again / str(second)
            reopened(root)
            due = made if number > steps.index("mark") else tree(template)
            assert tree(root) == due, (steps[number], second)
            assert not has_pending(root)
        shutil.rmtree(again)


@pytest.mark.parametrize("rows", [3, 20, 47, 90])
def test_a_recorder_killed_at_any_instant_loses_no_more_than_the_last_pictures(
    tmp_path: Path, rows: int
) -> None:
    """A child records as fast as it can and is killed when it has told of so many frames."""
    lab = small_lab(tmp_path / "set")
    with subprocess.Popen(
        [sys.executable, "-m", "tests.dataset.record_on", lab.root],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    ) as child:
        assert child.stdout is not None
        for _ in range(rows):
            child.stdout.readline()
        child.kill()
        last = child.stdout.read()
    told = int(last.split(b"\n")[-2]) if b"\n" in last else rows - 1
    with lab.open() as writer:
        (take,) = writer.left_takes
        summary = writer.salvage(take)
    if told >= 5:
        assert summary is not None
        # The muxer holds back a group of two images until the next begins.
        assert told - 3 <= summary.length <= told + 1
        assert check(lab.root).findings == []
