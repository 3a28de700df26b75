import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lerecord.dataset.edit import operation_log
from lerecord.dataset.edit import operations as edit
from lerecord.dataset.format import layout
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, D, record, tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return record(tmp_path / "set", [A, B, C, D])


def operations(root: Path) -> list[str]:
    return [each.name for each in sorted((root / layout.TRASH).iterdir())]


def test_what_goes_is_kept_under_names_that_nobody_counts(root: Path) -> None:
    before = {
        name: (root / name).read_bytes()
        for name in (
            layout.data_file(1),
            layout.capture_file(1),
            layout.video_file(1, "observation.images.front"),
            layout.video_file(1, "observation.images.wrist"),
        )
    }
    edit.delete(root, [1])
    kept = root / layout.TRASH / "000001-delete"
    assert sorted(path.name for path in kept.iterdir()) == [
        "episode_000001.arrow.kept",
        "episode_000001.observation.images.front.mp4.kept",
        "episode_000001.observation.images.wrist.mp4.kept",
        "episode_000001.parquet.kept",
        "operation.json",
    ]
    for name, data in before.items():
        in_trash = [path.read_bytes() for path in kept.iterdir() if path.suffix == ".kept"]
        assert data in in_trash, name


def test_files_that_are_only_numbered_anew_are_not_kept(root: Path) -> None:
    edit.delete(root, [0])
    edit.relabel(root, [0, 1], "z")
    kept = [path.name for path in (root / layout.TRASH).rglob("*.kept")]
    assert {name.partition(".")[0] for name in kept} == {"episode_000000"}


def test_an_undo_uses_the_operation_up_and_keeps_what_it_displaces(root: Path) -> None:
    edit.trim(root, 1, 0.0, 0.1)
    edit.undo(root)
    assert operations(root) == ["000002-undo"]
    record_ = json.loads((root / operation_log.record_name("000002-undo")).read_bytes())
    assert record_["undone"] == ["trim", "trim 1 --start 0 --end 0.1"]
    assert record_["said"] == "undo trim 1 --start 0 --end 0.1"
    edit.redo(root)
    assert operations(root) == ["000003-trim"]


def test_a_list_is_told_in_runs(root: Path) -> None:
    edit.rename_task(root, "b", "a")
    record_ = json.loads((root / operation_log.record_name("000001-rename-task")).read_bytes())
    assert record_["before"] == [
        {"now": 0, "count": 1, "task": "a"},
        {"now": 1, "count": 1, "task": "b"},
        {"now": 2, "count": 1, "task": "a"},
        {"now": 3, "count": 1, "task": "c"},
    ]
    edit.relabel(root, [3], "a")
    edit.relabel(root, [0], "q")
    record_ = json.loads((root / operation_log.record_name("000003-relabel")).read_bytes())
    assert record_["before"] == [{"now": 0, "count": 4, "task": "a"}]


def test_the_oldest_operations_are_dropped_and_the_last_is_always_kept(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [tree(root)]
    for _ in range(2):
        edit.delete(root, [0])
        states.append(tree(root))
    assert operations(root) == ["000001-delete", "000002-delete"]
    sizes = {
        name: sum(path.stat().st_size for path in (root / layout.TRASH / name).iterdir())
        for name in operations(root)
    }
    monkeypatch.setattr(operation_log, "LIMIT_BYTES", sizes["000002-delete"] + 100_000)
    edit.relabel(root, [0], "new")
    assert operations(root) == ["000001-delete", "000002-delete", "000003-relabel"]
    edit.undo(root)
    monkeypatch.setattr(operation_log, "LIMIT_BYTES", sizes["000002-delete"] + 9_000)
    edit.relabel(root, [0], "new")
    assert operations(root)[0] == "000002-delete"
    edit.undo(root)
    edit.undo(root)
    assert tree(root) == states[1]
    with pytest.raises(DatasetError, match="There is nothing to undo"):
        edit.undo(root)
    monkeypatch.setattr(operation_log, "LIMIT_BYTES", 0)
    edit.delete(root, [1])
    assert len(operations(root)) == 1
    edit.undo(root)
    assert tree(root) == states[1]


def test_what_an_operation_keeps_counts_before_it_is_there(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit.delete(root, [0])
    size = sum(path.stat().st_size for path in (root / layout.TRASH).rglob("*.*"))
    monkeypatch.setattr(operation_log, "LIMIT_BYTES", size + size // 2)
    edit.delete(root, [0])
    assert operations(root) == ["000002-delete"]


def test_an_empty_trash_gives_the_room_back_and_undoes_nothing(root: Path) -> None:
    edit.delete(root, [0])
    after = tree(root)
    size = sum(path.stat().st_size for path in (root / layout.TRASH).rglob("*.*"))
    assert edit.empty_trash(root) == size
    assert not (root / layout.TRASH).exists()
    assert edit.empty_trash(root) == 0
    with pytest.raises(DatasetError, match="There is nothing to undo"):
        edit.undo(root)
    assert tree(root) == after
    assert check(root).findings == []


@pytest.mark.parametrize("data", ["", "{}", '{"version": 1}', '{"version": 2}'])
def test_a_record_that_cannot_be_read_is_said(root: Path, data: str) -> None:
    edit.delete(root, [0])
    before = tree(root)
    (root / operation_log.record_name("000001-delete")).write_text(data)
    with pytest.raises(DatasetError, match=r"operation\.json (cannot be read|is of another)"):
        edit.undo(root)
    assert tree(root) == before


def test_a_kept_file_that_is_lost_stops_an_undo_before_it_touches_anything(root: Path) -> None:
    edit.delete(root, [0])
    before = tree(root)
    next((root / layout.TRASH).rglob("*.mp4.kept")).unlink()
    with pytest.raises(DatasetError, match="nothing was changed"):
        edit.undo(root)
    assert tree(root) == before


def bent(**changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda record: record.update(changes)


def run(**changes: Any) -> dict[str, Any]:
    return {"now": 0, "count": 2, "task": "a"} | changes


BENT: dict[str, Callable[[dict[str, Any]], object]] = {
    "a run of what is not there": bent(before=[run(now=2, count=5)]),
    "a run of very many": bent(before=[run(count=10**12)]),
    "an episode twice": bent(before=[run(), run(now=1)]),
    "an empty run": bent(before=[run(count=0)]),
    "a run from before": bent(before=[run(now=-1)]),
    "a run of truth": bent(before=[run(now=True)]),
    "a task of no text": bent(before=[run(task=["a"])]),
    "a list of no list": bent(before=3),
    "a kept one elsewhere": lambda record: record["before"][0].update(kept=1),
    "a kept one by name": lambda record: record["before"][0].update(kept="../../meta"),
    "statistics of other features": lambda record: record["before"][0].update(stats={}),
    "health of no entries": lambda record: record["before"][0].update(health=[1]),
    "a count of no number": bent(episodes="3"),
    "a kind with a path": bent(kind="../../x"),
    "half a pair": bent(said="\ud800"),
    "undone by nobody": bent(undone=["delete"]),
    "encoded by nothing": bent(encoded={}),
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT.keys())
def test_a_record_that_no_operation_leaves_is_refused(
    root: Path, bend: Callable[[dict[str, Any]], object]
) -> None:
    edit.delete(root, [0])
    before = tree(root)
    path = root / operation_log.record_name("000001-delete")
    record_ = json.loads(path.read_bytes())
    bend(record_)
    path.write_text(json.dumps(record_))
    with pytest.raises(DatasetError, match=r"operation\.json"):
        edit.undo(root)
    assert tree(root) == before


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_kept_file_that_is_no_file_of_the_trash_is_refused(root: Path, kind: str) -> None:
    edit.delete(root, [0])
    before = tree(root)
    kept = next((root / layout.TRASH).rglob("*.parquet.kept"))
    moved = kept.rename(root.parent / "elsewhere")
    if kind == "link":
        kept.symlink_to(moved)
    else:
        os.mkfifo(kept)
    with pytest.raises(DatasetError, match=r"parquet\.kept is (a link|not a file)"):
        edit.undo(root)
    assert tree(root) == before


def test_what_is_no_operation_is_passed_over(root: Path) -> None:
    (root / layout.TRASH / "secret.txt").mkdir(parents=True)
    (root / layout.TRASH / "999999-x").symlink_to("/")
    (root / layout.TRASH / "9999999-x").write_text("x")
    edit.delete(root, [0])
    assert (root / layout.TRASH / "000001-delete").is_dir()
    edit.undo(root)
    assert check(root).findings == []


def test_a_trash_elsewhere_is_not_emptied(root: Path) -> None:
    (root.parent / "dear").mkdir()
    (root.parent / "dear/photo").write_text("x")
    (root / layout.TRASH).symlink_to("../../dear")
    for does in (edit.empty_trash, edit.undo, lambda root: edit.delete(root, [0])):
        with pytest.raises(DatasetError, match="trash is a link"):
            does(root)
    assert (root.parent / "dear/photo").exists()
