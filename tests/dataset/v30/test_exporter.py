import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.format import VideoSettings, layout
from lerecord.dataset.read import Dataset
from lerecord.dataset.v30 import Bounds, Exporting, export_v30
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.files import FileNumber
from lerecord.dataset.video import facts_of, pictures_of
from lerecord.errors import DatasetError
from lerecord.progress import Advance
from tests.dataset.conftest import Lab

FRONT, WRIST = "observation.images.front", "observation.images.wrist"
LENGTHS = (5, 8, 4, 6)
TASKS = ("a", "b", "a", "c")
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
DATA = "data/chunk-000/file-000.parquet"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = Lab(tmp_path_factory.mktemp("recorded") / "set")
    with lab.open() as writer:
        for seed, (task, length) in enumerate(zip(TASKS, LENGTHS, strict=True)):
            lab.record(writer, task, rows=length, seed=seed)
    return lab.root


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "set"))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def contents(root: Path) -> dict[str, bytes]:
    return {each: (root / each).read_bytes() for each in files(root)}


def episodes(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / EPISODES, partitioning=None).to_pylist()
    return rows


def test_the_files_are_those_of_the_layout(root: Path, out: Path) -> None:
    before = files(root)
    told: list[Advance] = []
    assert export_v30(root, out, Exporting(told.append)) == 4
    sidecars = [layout.capture_file(each) for each in range(4)]
    assert files(out) == sorted(
        [
            DATA,
            EPISODES,
            "meta/info.json",
            "meta/stats.json",
            "meta/tasks.parquet",
            "meta/hardware.json",
            "capture/health.jsonl",
            *sidecars,
            *(f"videos/{key}/chunk-000/file-000.mp4" for key in (FRONT, WRIST)),
        ]
    )
    assert files(root) == before
    assert told == [Advance(each, 4, "episodes") for each in range(1, 5)]


def test_info_is_lerobots_with_its_order_of_keys(root: Path, out: Path) -> None:
    export_v30(root, out)
    old = json.loads((root / layout.INFO).read_bytes())
    info = json.loads((out / layout.INFO).read_bytes())
    assert list(info) == [
        "codebase_version",
        "fps",
        "features",
        "total_episodes",
        "total_frames",
        "total_tasks",
        "chunks_size",
        "data_files_size_in_mb",
        "video_files_size_in_mb",
        "data_path",
        "video_path",
        "robot_type",
        "splits",
    ]
    assert info["codebase_version"] == "v3.0"
    assert info["features"] == old["features"]
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (4, 23, 3)
    assert info["splits"] == {"train": "0:4"}


def test_rows_are_one_row_group_an_episode(root: Path, out: Path) -> None:
    export_v30(root, out)
    file = pq.ParquetFile(out / DATA)
    groups = [file.metadata.row_group(each).num_rows for each in range(file.num_row_groups)]
    assert groups == list(LENGTHS)
    table, columns = file.read(), Dataset(root).rows.columns
    assert table.column_names == list(columns)
    for key, values in columns.items():
        assert np.array_equal(np.array(table[key].to_pylist(), values.dtype), values)
    assert table.schema.field("action").type.list_size == 3
    assert b"huggingface" in table.schema.metadata
    file.close()


def test_episodes_say_where_their_rows_and_pictures_are(root: Path, out: Path) -> None:
    export_v30(root, out)
    row = 0
    for index, (record, length) in enumerate(zip(episodes(out), LENGTHS, strict=True)):
        assert (record["episode_index"], record["length"]) == (index, length)
        assert record["tasks"] == [TASKS[index]]
        assert (record["data/chunk_index"], record["data/file_index"]) == (0, 0)
        assert (record["dataset_from_index"], record["dataset_to_index"]) == (row, row + length)
        assert record[f"videos/{FRONT}/from_timestamp"] == row / 30
        assert record[f"videos/{FRONT}/to_timestamp"] == (row + length) / 30
        assert (record["meta/episodes/chunk_index"], record["meta/episodes/file_index"]) == (0, 0)
        row += length
    for key in (FRONT, WRIST):
        target = out / f"videos/{key}/chunk-000/file-000.mp4"
        found = list(pictures_of(target))
        due = [p for each in range(4) for p in pictures_of(root / layout.video_file(each, key))]
        assert len(found) == len(due) == row
        assert all(np.array_equal(*pair) for pair in zip(found, due, strict=True))
        assert [float(each) for each in facts_of(target).times] == [
            each / 30 for each in range(row)
        ]


def test_the_types_of_the_episodes_are_those_that_lerobot_appends_to(root: Path, out: Path) -> None:
    export_v30(root, out)
    schema = pq.read_schema(out / EPISODES)
    assert schema.names[:7] == [
        "episode_index",
        "tasks",
        "length",
        "data/chunk_index",
        "data/file_index",
        "dataset_from_index",
        "dataset_to_index",
    ]
    number, vector = pa.float64(), pa.list_(pa.field("element", pa.float64()))
    triple = pa.list_(pa.field("element", pa.list_(pa.field("element", vector))))
    assert schema.field("tasks").type == pa.list_(pa.field("element", pa.string()))
    assert schema.field(f"videos/{WRIST}/to_timestamp").type == number
    for name in ("min", "max", "mean", "std", "q01", "q10", "q50", "q90", "q99"):
        assert schema.field(f"stats/index/{name}").type == vector
        assert schema.field(f"stats/action/{name}").type == vector
        assert schema.field(f"stats/{FRONT}/{name}").type == triple
    for key in ("action", "index", FRONT):
        assert schema.field(f"stats/{key}/count").type == pa.list_(pa.field("element", pa.int64()))
    others = {"episode_index", "length", "dataset_to_index", f"videos/{FRONT}/file_index"}
    assert {str(schema.field(each).type) for each in others} == {"int64"}


def test_tasks_are_a_pandas_frame_with_the_task_as_index(root: Path, out: Path) -> None:
    export_v30(root, out)
    table = pq.read_table(out / v30.TASKS)
    assert table.to_pydict() == {"task_index": [0, 1, 2], "task": ["a", "b", "c"]}
    pandas = json.loads(table.schema.metadata[b"pandas"])
    assert pandas["index_columns"] == ["task"]
    assert [each["name"] for each in pandas["columns"]] == ["task_index", "task"]


def test_statistics_are_exact_over_everything(root: Path, out: Path) -> None:
    export_v30(root, out)
    data = Dataset(root)
    stats = json.loads((out / layout.STATS).read_bytes())
    assert list(stats) == list(data.features)
    for key, values in data.rows.columns.items():
        exact = values.reshape(len(values), -1).astype(np.float64)
        for name, share in (("q01", 0.01), ("q50", 0.5), ("q99", 0.99)):
            assert np.allclose(stats[key][name], np.quantile(exact, share, axis=0))
        assert np.allclose(stats[key]["std"], exact.std(axis=0), atol=1e-9)
        assert stats[key]["count"] == [23]
        assert all(isinstance(each, float) for each in stats[key]["min"])
    assert np.shape(stats[FRONT]["q10"]) == (3, 1, 1)
    record = episodes(out)[1]
    rows = data.rows.columns["action"][5:13].astype(np.float64)
    assert np.allclose(record["stats/action/q90"], np.quantile(rows, 0.9, axis=0))
    assert np.allclose(record["stats/action/mean"], data.episode_stats[1]["action"].mean)


def test_statistics_are_the_same_however_the_frames_are_divided(
    root: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_v30(root, out)
    monkeypatch.setattr("lerecord.dataset.v30.metadata_writing._FRAMES_AT_ONCE", 3)
    export_v30(root, tmp_path / "parts", Exporting(bounds=Bounds(0.0002)))
    assert len([*(tmp_path / "parts/data").rglob("*.parquet")]) > 1
    assert (tmp_path / "parts" / layout.STATS).read_bytes() == (out / layout.STATS).read_bytes()


def test_quantiles_of_pictures_come_from_the_sidecars_or_else_from_the_pictures(
    root: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(path: Path) -> None:
        raise AssertionError("an image was decoded")

    with monkeypatch.context() as patched:
        patched.setattr("lerecord.dataset.v30.episode_statistics.pictures_of", decode)
        export_v30(root, out)
    shutil.rmtree(root / "capture")
    decoded = out.with_name("decoded")
    export_v30(root, decoded)
    assert not (decoded / "capture").exists()
    exact, seen = (json.loads((each / layout.STATS).read_bytes()) for each in (out, decoded))
    pictures = np.concatenate(
        [np.stack(list(pictures_of(root / layout.video_file(e, FRONT)))) for e in range(4)]
    )[..., ::-1]
    due = np.quantile(pictures.reshape(-1, 3), 0.9, axis=0, method="inverted_cdf") / 255
    assert np.array_equal(np.ravel(seen[FRONT]["q90"]), due)
    assert np.allclose(exact[FRONT]["q90"], seen[FRONT]["q90"], atol=0.05)
    assert exact[FRONT]["q90"] != seen[FRONT]["q90"]  # the codec changes pixels


def test_files_stay_below_their_bounds(root: Path, out: Path) -> None:
    sizes = [(root / layout.video_file(each, FRONT)).stat().st_size for each in range(4)]
    bound = (sizes[0] + sizes[1] + 1) / v30.MB
    assert sizes[2] + sizes[3] < sizes[0] + sizes[1]
    export_v30(root, out, Exporting(bounds=Bounds(0.0002, bound)))
    found = episodes(out)
    assert [each[f"videos/{FRONT}/file_index"] for each in found] == [0, 0, 1, 1]
    assert [each[f"videos/{FRONT}/from_timestamp"] for each in found] == [0, 5 / 30, 0, 4 / 30]
    assert [each["data/file_index"] for each in found] == [0, 1, 2, 3]
    assert [each["dataset_from_index"] for each in found] == [0, 5, 13, 17]
    for index, length in enumerate(LENGTHS):
        path = out / f"data/chunk-000/file-{index:03d}.parquet"
        assert pq.read_metadata(path).num_rows == length


def test_a_video_never_grows_over_its_seconds(
    root: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(v30, "VIDEO_FILE_S", 13 / 30)
    export_v30(root, out)
    assert [each[f"videos/{FRONT}/file_index"] for each in episodes(out)] == [0, 0, 1, 1]


def test_episodes_of_other_settings_get_a_file_of_their_own(tmp_path: Path, out: Path) -> None:
    lab = Lab(tmp_path / "mixed")
    for codec in ("h264", "av1", "h264"):
        lab.spec = replace(lab.spec, video=VideoSettings(codec=codec))
        with lab.open() as writer:
            lab.record(writer, rows=3)
    export_v30(lab.root, out)
    assert [each[f"videos/{WRIST}/file_index"] for each in episodes(out)] == [0, 1, 2]
    codecs = [
        facts_of(out / f"videos/{WRIST}/chunk-000/file-{index:03d}.mp4").codec for index in range(3)
    ]
    assert codecs == ["h264", "av1", "h264"]


def test_file_numbers_go_on_in_the_next_chunk() -> None:
    assert FileNumber(0, 998).next() == FileNumber(0, 999)
    assert FileNumber(0, 999).next() == FileNumber(1, 0)
    assert FileNumber(1, 2).path(v30.VIDEO_PATH, "x") == "videos/x/chunk-001/file-002.mp4"


def cut(root: Path) -> None:
    shutil.copyfile(root / layout.video_file(2, FRONT), root / layout.video_file(1, FRONT))


def drop_stats(root: Path) -> None:
    lines = (root / layout.EPISODES_STATS).read_text().splitlines()
    record = json.loads(lines[1])
    del record["stats"][FRONT]
    lines[1] = json.dumps(record)
    (root / layout.EPISODES_STATS).write_text("".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (cut, "the number of images is 4 instead of 8"),
        (drop_stats, f"episodes_stats.jsonl lacks {FRONT}"),
        (lambda root: (root / layout.video_file(1, WRIST)).unlink(), "cannot be read as a video"),
        (lambda root: (root / layout.data_file(3)).write_bytes(b""), "parquet cannot be read"),
        (
            lambda root: (root / layout.capture_file(0)).write_bytes(b""),
            "arrow is not a lerecord sidecar",
        ),
    ],
)
def test_what_is_wrong_is_refused_and_leaves_nothing(
    root: Path, out: Path, damage: Callable[[Path], None], text: str
) -> None:
    damage(root)
    with pytest.raises(DatasetError) as refused:
        export_v30(root, out)
    assert text in str(refused.value)
    assert [each.name for each in out.parent.iterdir()] == ["set"]


def test_a_dataset_that_changes_meanwhile_is_refused(tmp_path: Path, out: Path) -> None:
    lab = Lab(tmp_path / "set")
    with lab.open() as writer:
        lab.record(writer, rows=2)

        def probe(step: str) -> None:
            if step == f"write {v30.TASKS}":
                lab.record(writer, rows=3)

        with pytest.raises(DatasetError, match="was changed while it was read"):
            export_v30(lab.root, out, Exporting(probe=probe))
    assert not out.exists()


SMALL = Bounds(0.0002, 1e-9)  # an episode each


class KilledError(BaseException):
    pass


def killed_at(number: int, root: Path, out: Path) -> list[str]:
    """The steps of an export that is killed before one of them; what it has done so far is left."""
    seen: list[str] = []
    draft, left = out.with_name(f".{out.name}.partial"), out.with_name("left")

    def probe(step: str) -> None:
        seen.append(step)
        if len(seen) == number:
            shutil.copytree(draft, left)
            raise KilledError

    with pytest.raises(KilledError):
        export_v30(root, out, Exporting(probe=probe, bounds=SMALL))
    assert not draft.exists()
    left.rename(draft)
    return seen[:-1]


def test_killed_at_any_step_it_goes_on_behind_the_last_file(root: Path, out: Path) -> None:
    whole: list[str] = []
    how = Exporting(probe=whole.append, bounds=SMALL)
    export_v30(root, alone := out.with_name("alone"), how)
    files_written = [each for each in whole if each.startswith(("write data/", "write videos/"))]
    steps = [each for number in (3, 1, 6, 5) for each in killed_at(number, root, out)]
    steps += killed_at(4, root, out)[:1]  # in the midst of the metadata, which is begun again
    assert steps == files_written == whole[:12]
    export_v30(root, out, replace(how, probe=steps.append))
    assert steps == whole
    assert contents(out) == contents(alone)


def test_what_was_written_of_another_dataset_or_is_torn_is_written_again(
    root: Path, out: Path
) -> None:
    export_v30(root, whole := out.with_name("whole"), Exporting(bounds=SMALL))
    draft = out.with_name(".out.partial")
    killed_at(6, root, out)
    (draft / DATA).write_bytes(b"x")
    (draft / "data/stray").write_bytes(b"x")
    steps: list[str] = []
    export_v30(root, out, Exporting(probe=steps.append, bounds=SMALL))
    assert steps[0] == f"write {DATA}"
    assert steps.count(f"write {DATA}") == 1
    assert sum(each.startswith("write data/") for each in steps) == 1
    assert contents(out) == contents(whole)
    shutil.rmtree(out)
    killed_at(6, root, out)
    os.utime(root / layout.INFO)
    steps.clear()
    export_v30(root, out, Exporting(probe=steps.append, bounds=SMALL))
    assert sum(each.startswith("write data/") for each in steps) == 4
    assert contents(out) == contents(whole)


def test_a_dataset_without_episodes_is_refused(tmp_path: Path, out: Path) -> None:
    root = tmp_path / "empty"
    lab = Lab(root)
    with lab.open() as writer:
        lab.record(writer, rows=2)
    info = json.loads((root / layout.INFO).read_bytes())
    (root / layout.INFO).write_text(
        json.dumps({**info, "total_episodes": 0, "total_frames": 0, "total_tasks": 0})
    )
    with pytest.raises(DatasetError, match="has no episode"):
        export_v30(root, out)
