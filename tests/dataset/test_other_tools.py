"""What other tools leave in a dataset's metadata is read as LeRobot reads it, or derived again."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.join import merge
from lerecord.dataset.overview import summary
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import export_v30, import_v30
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from tests.dataset import lerobot_made
from tests.dataset.lerobot_made import EPISODES
from tests.dataset.lists import A, B, C, record, small_lab, stage, tree


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lerobot_made.write(tmp_path_factory.mktemp("made") / "set")


@pytest.fixture
def theirs(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "theirs"))


def change_lines(root: Path, name: str, change: Callable[[list[dict[str, Any]]], object]) -> None:
    lines = [json.loads(line) for line in (root / name).read_text(encoding="utf-8").splitlines()]
    change(lines)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (root / name).write_text(text, encoding="utf-8")


def change_info(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    info = json.loads((root / layout.INFO).read_text(encoding="utf-8"))
    change(info)
    (root / layout.INFO).write_text(json.dumps(info), encoding="utf-8")


def renumber(root: Path, numbers: dict[int, int]) -> None:
    for path in root.glob("data/*/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        new = pa.array(
            [numbers[each] for each in table["task_index"].to_numpy().tolist()], pa.int64()
        )
        place = table.column_names.index("task_index")
        pq.write_table(table.set_column(place, "task_index", new), path)


TASKS = ["a", "b", "a"]


def tasks_of(data: Dataset) -> list[str]:
    return [str(data[int(row)]["task"]) for row in data.episode_data_index["from"]]


@pytest.mark.parametrize("tasks", [[], None, "absent", "b", [None], {"b": 1}, 7])
def test_tasks_that_an_episode_does_not_list_are_those_of_its_frames(
    theirs: Path, tmp_path: Path, tasks: Any
) -> None:
    def change(lines: list[dict[str, Any]]) -> None:
        lines[1].pop("tasks") if tasks == "absent" else lines[1].update(tasks=tasks)

    change_lines(theirs, layout.EPISODES, change)
    assert summary(theirs).tasks == {"a": 2, "b": 1}
    assert tasks_of(Dataset(theirs)) == TASKS
    merge(tmp_path / "merged", [theirs])
    merged = Dataset(tmp_path / "merged")
    assert [each.tasks for each in merged.episodes] == [("a",), ("b",), ("a",)]
    assert tasks_of(merged) == TASKS
    assert check(theirs, quick=True).findings == []


def test_numbers_that_are_left_out_are_read_and_closed_by_a_merge(
    theirs: Path, tmp_path: Path
) -> None:
    change_lines(theirs, layout.TASKS, lambda lines: lines[1].update(task_index=5))
    renumber(theirs, {0: 0, 1: 5})
    assert summary(theirs).tasks == {"a": 2, "b": 1}
    assert tasks_of(Dataset(theirs)) == TASKS
    before = tree(theirs)
    with pytest.raises(DatasetError, match=r"leaves out task_index 1, and .* `lerecord merge"):
        operations.delete(theirs, [0])
    assert tree(theirs) == before
    merge(tmp_path / "merged", [theirs])
    merged = Dataset(tmp_path / "merged")
    assert sorted(set(merged.rows.columns["task_index"].tolist())) == [0, 1]
    assert tasks_of(merged) == TASKS


def test_frames_of_a_task_that_nobody_lists_are_refused(theirs: Path, tmp_path: Path) -> None:
    renumber(theirs, {0: 0, 1: 7})
    with pytest.raises(DatasetError, match=r"Frames have the task_index 7, which meta/tasks"):
        Dataset(theirs)
    with pytest.raises(DatasetError, match="7"):
        merge(tmp_path / "merged", [theirs])
    assert not (tmp_path / "merged").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda info: info.update(robot_type=None),
        lambda info: info.pop("robot_type"),
        lambda info: info.update(fps=30.0),
        lambda info: info["features"][lerobot_made.FRONT].pop("info"),
        lambda info: info["features"][lerobot_made.FRONT].update(names=None),
        lambda info: [each.pop("names") for each in info["features"].values()],
        lambda info: info["features"]["action"].update(names={"motors": ["x", "y"]}),
    ],
    ids=["null robot", "no robot", "fps 30.0", "no facts", "names null", "no names", "motors"],
)
def test_an_info_that_lerobot_loads_is_read(
    theirs: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    change_info(theirs, change)
    (camera,) = summary(theirs).cameras
    assert (camera.width, camera.height) == (lerobot_made.WIDTH, lerobot_made.HEIGHT)
    data = Dataset(theirs)
    assert (data.fps, len(data)) == (30, sum(len(each.rows) for each in EPISODES))
    assert data[0][lerobot_made.FRONT].shape == (lerobot_made.HEIGHT, lerobot_made.WIDTH, 3)


def as_groot_writes_it(stored: bytes) -> bytes:
    values = json.loads(stored)
    for each in values.values():
        del each["count"]
        each |= {"q01": each["min"], "q99": each["max"]}
    return json.dumps(values).encode()


REWRITTEN: list[Callable[[bytes], bytes]] = [
    as_groot_writes_it,
    lambda stored: b"{}",
    lambda stored: stored[:-100],
    lambda stored: b"[]",
    lambda stored: stored.replace(b'"mean": [', b'"mean": ["x", ', 1),
]


@pytest.mark.parametrize("rewritten", REWRITTEN)
def test_statistics_that_another_tool_rewrote_are_derived_again(
    tmp_path: Path, rewritten: Callable[[bytes], bytes]
) -> None:
    root = record(tmp_path / "set", [A, B])
    path = root / layout.STATS
    path.write_bytes(rewritten(path.read_bytes()))
    lab = small_lab(root)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, C))
    due = record(tmp_path / "due", [A, B, C])
    assert path.read_bytes() == (due / layout.STATS).read_bytes()
    path.write_bytes(rewritten(path.read_bytes()))
    operations.delete(root, [2])
    assert path.read_bytes() == (record(tmp_path / "two", [A, B]) / layout.STATS).read_bytes()


def test_a_check_remarks_them_once(tmp_path: Path) -> None:
    root = record(tmp_path / "set", [A, B])
    path = root / layout.STATS
    path.write_bytes(as_groot_writes_it(path.read_bytes()))
    report = check(root, quick=True)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        "meta/stats.json was rewritten by another tool, which left out the counts; the next change "
        "by lerecord derives it again from meta/episodes_stats.jsonl."
    ]


def add_column(root: Path, key: str, feature: dict[str, Any], column: Callable[[int], Any]) -> None:
    for path in root.glob("data/*/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table.append_column(key, column(len(table))), path)
    change_info(root, lambda info: info["features"].update({key: feature}))


@pytest.mark.parametrize(
    ("feature", "column"),
    [
        ({"dtype": "string", "shape": [1]}, lambda n: pa.array(["x"] * n)),
        ({"dtype": "string", "shape": [1]}, lambda n: pa.nulls(n, pa.string())),
        ({"dtype": "string", "shape": [2]}, lambda n: pa.array([["x", "y"]] * n)),
        ({"dtype": "language", "shape": [1]}, lambda n: pa.array([[{"role": "user"}]] * n)),
        ({"dtype": "float32", "shape": [0]}, lambda n: pa.array([[]] * n, pa.list_(pa.float32()))),
    ],
    ids=["string", "no string", "strings", "language", "zero width"],
)
def test_columns_without_statistics_are_read_joined_and_exported(
    theirs: Path, tmp_path: Path, feature: dict[str, Any], column: Callable[[int], Any]
) -> None:
    add_column(theirs, "extra", feature, column)
    before = tree(theirs)
    assert check(theirs, quick=True).findings == []
    read = Dataset(theirs)[0]["extra"]
    merge(tmp_path / "merged", [theirs])
    assert str(Dataset(tmp_path / "merged")[0]["extra"]) == str(read)
    export_v30(theirs, tmp_path / "newer")
    import_v30(tmp_path / "newer", tmp_path / "again")
    assert str(Dataset(tmp_path / "again")[0]["extra"]) == str(read)
    assert tree(theirs) == before


def test_a_merge_names_the_line_that_cannot_be_read(theirs: Path, tmp_path: Path) -> None:
    with (theirs / layout.TASKS).open("a", encoding="utf-8") as file:
        file.write("\n")
    with pytest.raises(DatasetError, match=r"^meta/tasks\.jsonl, line 3 is empty"):
        merge(tmp_path / "merged", [theirs])


def test_every_listed_task_counts_whatever_the_total_says(theirs: Path) -> None:
    change_info(theirs, lambda info: info.update(total_tasks=1))
    assert summary(theirs).tasks == {"a": 2, "b": 1}
    assert tasks_of(Dataset(theirs)) == TASKS
    with pytest.raises(DatasetError, match=r"tasks\.jsonl has 2 lines and meta/info\.json counts"):
        operations.delete(theirs, [0])


def test_an_import_takes_along_no_file_of_the_user(tmp_path: Path) -> None:
    source = record(tmp_path / "set", [A, B])
    export_v30(source, tmp_path / "newer")
    secret = tmp_path / "secret"
    for name in (layout.HARDWARE, layout.HEALTH, layout.capture_file(0)):
        kept = (tmp_path / "newer" / name).read_bytes()
        for content in (b"SECRET-TOKEN-123", b'{"auths": {"x": {"auth": "SECRET"}}}\n'):
            secret.write_bytes(content)
            (tmp_path / "newer" / name).unlink()
            (tmp_path / "newer" / name).symlink_to(secret)
            with pytest.raises(DatasetError):
                import_v30(tmp_path / "newer", tmp_path / "out")
            assert not (tmp_path / "out").exists()
        (tmp_path / "newer" / name).unlink()
        (tmp_path / "newer" / name).write_bytes(kept)
    import_v30(tmp_path / "newer", tmp_path / "out")
    assert check(tmp_path / "out", quick=True).findings == []
