"""v3.0 is read like v2.1: whoever reads a dataset gets the same of both."""

import json
import pickle
import shutil
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout, layout_v30, read_parquet
from lerecord.dataset.join import merge
from lerecord.dataset.overview import episodes, summary
from lerecord.dataset.read import Dataset, stored_at
from lerecord.dataset.v30 import Bounds, Exporting, export_v30
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError
from tests.dataset.lists import A, B, C, record, tree
from tests.dataset.many import TAKE, multiply

FRONT, WRIST = "observation.images.front", "observation.images.wrist"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
MB = 1 << 20


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("stored") / "older", [A, B, C])


@pytest.fixture(scope="module")
def made(older: Path) -> Path:
    """With two episodes in the first file of each kind, and one in the second."""
    out = older.with_name("newer")
    sizes = [(older / layout.video_file(each, WRIST)).stat().st_size for each in range(3)]
    export_v30(older, out, Exporting(bounds=Bounds(0.0008, (sum(sizes) - 1) / MB)))
    return out


@pytest.fixture
def newer(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "newer"))


def assert_same(left: Path, right: Path) -> None:
    """What a trainer gets of two datasets, to the type."""
    one, other = Dataset(left), Dataset(right)
    assert (one.episodes, one.tasks, one.fps) == (other.episodes, other.tasks, other.fps)
    assert (one.features, one.robot_type) == (other.features, other.robot_type)
    for mine, due in zip(one, other, strict=True):
        assert list(mine) == list(due)
        assert all(np.array_equal(mine[key], due[key]) for key in mine)
    pairs = zip((one.stats, *one.episode_stats), (other.stats, *other.episode_stats), strict=True)
    for mine, due in pairs:
        assert list(mine) == list(due)
        for key, each in mine.items():
            assert each.count == due[key].count
            for name in ("min", "max", "mean", "std"):
                found, expected = getattr(each, name), getattr(due[key], name)
                assert found.dtype == expected.dtype
                assert np.allclose(found, expected, rtol=1e-12)


def test_what_it_holds_is_the_same(older: Path, newer: Path) -> None:
    before = tree(newer)
    assert_same(older, newer)
    assert episodes(newer) == episodes(older)
    one, other = summary(older), summary(newer)
    assert (one.version, other.version) == ("v2.1", "v3.0")
    assert (one.tasks, one.cameras, one.simulated) == (other.tasks, other.cameras, other.simulated)
    assert tree(newer) == before


def test_it_passes_the_same_check_and_is_merged_with_the_other_form(
    older: Path, newer: Path, tmp_path: Path
) -> None:
    assert (check(newer).findings, check(newer).remarks) == ([], [])
    merge(tmp_path / "mixed", [newer, older])
    merge(tmp_path / "plain", [older, older])
    assert (check(tmp_path / "mixed").findings, check(tmp_path / "mixed").remarks) == ([], [])
    assert_same(tmp_path / "plain", tmp_path / "mixed")


def test_shared_files_are_read_once_for_all_their_episodes(
    newer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def reading(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
        read.append(path.name)
        return read_parquet(path, columns)

    monkeypatch.setattr("lerecord.dataset.read.files_v30.read_parquet", reading)
    assert len(Dataset(newer, episodes=[2, 0, 1])) == 15
    assert read == ["file-000.parquet", "file-001.parquet"]


def test_a_pickle_of_it_keeps_no_table(newer: Path) -> None:
    data = Dataset(newer)
    files = stored_at(newer).files
    files.frames(0)
    assert len(pickle.dumps(files)) < 4000
    again = pickle.loads(pickle.dumps(data))
    assert np.array_equal(again[7][WRIST], data[7][WRIST])


def rewrite(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    pq.write_table(change(pq.read_table(path, partitioning=None)), path)


def edit_info(root: Path, change: Callable[[dict[str, Any]], object]) -> None:
    info = json.loads((root / layout.INFO).read_bytes())
    change(info)
    (root / layout.INFO).write_text(json.dumps(info))


def as_converted(root: Path) -> None:
    """As LeRobot 0.4.1's converter: no name of the tasks' index, no quantiles, no list of tasks."""

    def without(table: pa.Table) -> pa.Table:
        dropped = [each for each in table.column_names if each.rpartition("/")[2].startswith("q")]
        return table.drop_columns(["tasks", *dropped])

    names = ["task_index", "__index_level_0__"]
    rewrite(root / layout_v30.TASKS, lambda table: table.rename_columns(names))
    rewrite(root / EPISODES, without)


def numbered_from_elsewhere(root: Path) -> None:
    """Files of other numbers, in other chunks, and without the templates of their paths."""
    for path in (*root.glob("data/*/*.parquet"), *root.glob("videos/*/*/*.mp4")):
        place = path.parents[1] / "chunk-007" / path.name.replace("file-0", "file-4")
        place.parent.mkdir(exist_ok=True)
        path.rename(place)

    def moved(table: pa.Table) -> pa.Table:
        for place, name in enumerate(table.column_names):
            if name.startswith(("data/", "videos/")) and name.endswith("_index"):
                added = 7 if name.endswith("chunk_index") else 400
                table = table.set_column(place, name, pc.add(table[name], added))
        return table

    rewrite(root / EPISODES, moved)
    edit_info(root, lambda info: (info.pop("data_path"), info.pop("video_path")))


def named_as_later(root: Path) -> None:
    """What LeRobot calls otherwise since: the flag of depth, and lists of `datasets`."""

    def renamed(info: dict[str, Any]) -> None:
        for key in (FRONT, WRIST):
            told = info["features"][key]["info"]
            told["is_depth_map"] = told.pop("video.is_depth_map")

    edit_info(root, renamed)


def with_senseless_frame_numbers(root: Path) -> None:
    """LeRobot loads them: where an episode begins follows from the lengths."""

    def senseless(table: pa.Table) -> pa.Table:
        for name in ("dataset_from_index", "dataset_to_index"):
            place = table.column_names.index(name)
            table = table.set_column(place, name, pa.array(["x"] * len(table)))
        return table

    rewrite(root / EPISODES, senseless)


@pytest.mark.parametrize(
    "change",
    [as_converted, numbered_from_elsewhere, named_as_later, with_senseless_frame_numbers],
)
def test_other_forms_of_v30_say_the_same(
    older: Path, newer: Path, change: Callable[[Path], None]
) -> None:
    change(newer)
    assert_same(older, newer)
    assert check(newer, quick=True).findings == []


def test_annotations_in_words_are_read_and_kept(newer: Path, tmp_path: Path) -> None:
    """The columns of language that LeRobot 0.6 has: lists of objects, of any length."""
    key = "language_persistent"
    told = [{"role": "user", "content": "go", "style": None, "timestamp": 0.0}]
    kind = {"dtype": "language", "shape": [1], "names": None}
    edit_info(newer, lambda info: info["features"].update({key: kind}))
    for number in (0, 1):
        path = newer / f"data/chunk-000/file-00{number}.parquet"
        rewrite(path, lambda table: table.append_column(key, [[told] * (len(table) - 1) + [[]]]))
    data = Dataset(newer)
    assert (data[0][key], data[len(data) - 1][key]) == (told, [])
    assert data[0][key] is data[1][key]  # one object, however many frames it is of
    merge(tmp_path / "out", [newer, newer])
    assert Dataset(tmp_path / "out")[20][key] == told


def test_images_among_the_frames_are_told_and_only_refused_by_those_who_need_them(
    newer: Path,
) -> None:
    def described(info: dict[str, Any]) -> None:
        info["features"][FRONT]["dtype"] = "image"

    edit_info(newer, described)
    assert [each.name for each in summary(newer).cameras] == ["wrist"]
    with pytest.raises(DatasetError, match=f"{FRONT} keeps its images in the data files"):
        Dataset(newer)


def test_a_change_of_v30_names_the_import_and_leaves_no_trace(newer: Path, tmp_path: Path) -> None:
    changes: list[Callable[[], object]] = [
        lambda: operations.delete(newer, [0]),
        lambda: operations.undo(newer),
        lambda: DatasetWriter.open(newer),
    ]
    for change in changes:
        with pytest.raises(DatasetError, match=r"which lerecord only reads; `lerecord import "):
            change()
    with pytest.raises(DatasetError, match=r"is of version v3\.0 already; use it as it is"):
        export_v30(newer, tmp_path / "out")
    assert not (newer / layout.PRIVATE).exists()


def test_a_task_that_no_episode_has_is_a_remark(newer: Path) -> None:
    table = pq.read_table(newer / layout_v30.TASKS, partitioning=None)
    more = pa.table({"task_index": [2], "task": ["unused"]}, schema=table.schema)
    pq.write_table(pa.concat_tables([table, more]), newer / layout_v30.TASKS)
    edit_info(newer, lambda info: info.update(total_tasks=3))
    report = check(newer, quick=True)
    assert report.findings == []
    assert [str(each) for each in report.remarks] == [
        "meta/tasks.parquet lists ['unused'], which no episode has."
    ]


def test_an_editor_of_lerobot_leaves_statistics_of_numbers_behind(newer: Path) -> None:
    """It renumbers the frames alone; everything else it keeps is still refused when it is wrong."""
    (newer / layout.HARDWARE).unlink()
    shutil.rmtree(newer / layout.CAPTURE)

    def stale(key: str) -> Callable[[pa.Table], pa.Table]:
        name = f"stats/{key}/min"
        return lambda table: table.set_column(
            table.column_names.index(name), name, [[[9.0] for _ in range(len(table))]]
        )

    rewrite(newer / EPISODES, stale("index"))
    report = check(newer, quick=True)
    assert report.findings == []
    assert "meta/episodes: min of index is not that of its frames." in str(report.remarks[2])
    rewrite(newer / EPISODES, stale("timestamp"))
    found = [str(each) for each in check(newer, quick=True).findings]
    assert "episode 0: meta/episodes: min of timestamp is not that of its frames." in found


def test_it_takes_no_more_memory_an_episode_than_v21(tmp_path: Path) -> None:
    older = record(tmp_path / "older", [TAKE])
    export_v30(older, tmp_path / "newer")
    count = 300
    multiply(older, count, files=False)
    table = pq.read_table(tmp_path / "newer" / EPISODES, partitioning=None)
    many = pa.concat_tables([table] * count).set_column(0, "episode_index", [list(range(count))])
    pq.write_table(many, tmp_path / "newer" / EPISODES)
    edit_info(tmp_path / "newer", lambda info: info.update(total_episodes=count))

    def cost(root: Path) -> int:
        """Bytes that are kept of what a reader looks at."""
        before = pa.total_allocated_bytes()
        tracemalloc.start()
        stored = stored_at(root)
        kept = stored, stored.episodes(), stored.files, stored.stats()
        grown = tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes() - before
        tracemalloc.stop()
        assert len(kept[1]) == count
        return grown

    cost(tmp_path / "newer")  # the first one warms the libraries up
    assert cost(tmp_path / "newer") < cost(older)
