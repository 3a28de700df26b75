import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import bounded, layout
from lerecord.dataset.overview import summary
from lerecord.dataset.read import Dataset
from lerecord.dataset.storage import DatasetLock, Snapshot, has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab


class KilledError(Exception):
    pass


def killed_in_commit(lab: "Lab", at: str) -> None:
    """The second episode's append, killed before a step that starts so."""

    def probe(step: str) -> None:
        if step.startswith(at) and writer.episodes == 1:
            raise KilledError

    with lab.open(probe=probe) as writer:
        if writer.episodes == 0:
            lab.record(writer, "first", rows=4)
        with pytest.raises(KilledError):
            lab.record(writer, "second", rows=5)


def everything(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in sorted(root.rglob("*"))
    }


STEPS = ["step 0", "step 3", "step 6", "step 8", "step 9", "sync folders", "unmark"]


@pytest.mark.parametrize("at", STEPS)
def test_beside_a_live_recorder_the_marked_change_is_seen_and_nothing_written(
    lab: "Lab", at: str
) -> None:
    killed_in_commit(lab, at)
    with DatasetLock(lab.root):
        before = everything(lab.root)
        report = check(lab.root)
        overview = summary(lab.root)
        assert everything(lab.root) == before
    assert report.findings == []
    assert (overview.episodes, overview.frames) == (2, 9)
    assert overview.tasks == {"first": 1, "second": 1}
    assert has_pending(lab.root)


@pytest.mark.parametrize("at", ["stage meta", "write manifest", "mark"])
def test_an_unmarked_change_is_not_seen(lab: "Lab", at: str) -> None:
    killed_in_commit(lab, at)
    with DatasetLock(lab.root):
        assert check(lab.root).findings == []
        assert summary(lab.root).episodes == 1


@pytest.mark.parametrize("at", STEPS)
def test_without_a_recorder_too_a_reader_looks_through_the_change(lab: "Lab", at: str) -> None:
    killed_in_commit(lab, at)
    before = everything(lab.root)
    assert check(lab.root).findings == []
    assert summary(lab.root).episodes == 2
    assert len(Dataset(lab.root)) == 9
    assert everything(lab.root) == before
    assert has_pending(lab.root)


def test_the_next_change_finishes_what_readers_looked_through(lab: "Lab") -> None:
    killed_in_commit(lab, "step 3")
    operations.relabel(lab.root, [1], "third")
    assert summary(lab.root).tasks == {"first": 1, "third": 1}
    assert not has_pending(lab.root)
    assert check(lab.root).findings == []


def test_a_reader_does_not_need_the_lock_nor_make_it(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer)
        assert check(lab.root).findings == []
        assert summary(lab.root).episodes == 1
    (lab.root / layout.LOCK).unlink()
    check(lab.root)
    summary(lab.root)
    assert not (lab.root / layout.LOCK).exists()


def test_a_dataset_that_commits_meanwhile_is_read_whole(
    lab: "Lab", monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.open() as writer:
        lab.record(writer, "first")
        staged = lab.stage(writer, "second")
        read = bounded.read_meta_file
        pending: list[DatasetWriter] = [writer]

        def slow(path: Path, name: str, at_most: int | None = None) -> bytes:
            if path.name == "tasks.jsonl" and pending:
                data = read(path, name, at_most)
                pending.pop().commit(staged)
                return data
            return read(path, name, at_most)

        monkeypatch.setattr("lerecord.dataset.storage.pending_view.read_meta_file", slow)
        snapshot = Snapshot.of(lab.root)
        assert snapshot.info.episodes == 2
        assert snapshot.tasks() == {0: "first", 1: "second"}
        assert len(snapshot.episodes()) == 2


def test_a_dataset_that_is_edited_meanwhile_is_read_whole(
    lab: "Lab", monkeypatch: pytest.MonkeyPatch
) -> None:
    """info.json is the same before and after: one task instead of another."""
    with lab.open() as writer:
        lab.record(writer, "first")
    read = bounded.read_meta_file
    pending = ["second"]

    def slow(path: Path, name: str, at_most: int | None = None) -> bytes:
        data = read(path, name, at_most)
        if path.name == "tasks.jsonl" and pending:
            operations.rename_task(lab.root, "first", pending.pop())
        return data

    monkeypatch.setattr("lerecord.dataset.storage.pending_view.read_meta_file", slow)
    snapshot = Snapshot.of(lab.root)
    assert snapshot.tasks() == {0: "second"}
    assert [each.tasks for each in snapshot.episodes()] == [("second",)]


def test_a_folder_without_a_dataset_is_refused(lab: "Lab") -> None:
    with lab.open():
        pass
    with pytest.raises(DatasetError, match="is not a dataset"):
        Snapshot.of(lab.root)
