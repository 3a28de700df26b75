import json
import multiprocessing
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lerecord
from lerecord.dataset.format import layout
from lerecord.dataset.format.episode_table import read_episode
from lerecord.dataset.read import Dataset
from lerecord.dataset.video import pictures_of
from lerecord.errors import DatasetError
from tests.dataset.conftest import Lab

FRONT, WRIST = "observation.images.front", "observation.images.wrist"
LENGTHS = (5, 8, 4)
TASKS = ("a", "b", "a")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    lab = Lab(tmp_path_factory.mktemp("recorded") / "set")
    with lab.open() as writer:
        for task, length in zip(TASKS, LENGTHS, strict=True):
            lab.record(writer, task, rows=length, seed=length)
    return lab


@pytest.fixture
def root(recorded: Lab, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded.root, tmp_path / "set"))


def due_pictures(root: Path, episode: int, key: str) -> list[Any]:
    return [bgr[..., ::-1] for bgr in pictures_of(root / layout.video_file(episode, key))]


def equal(left: dict[str, Any], right: dict[str, Any]) -> bool:
    return left.keys() == right.keys() and all(np.array_equal(left[k], right[k]) for k in left)


def test_it_says_what_it_holds(root: Path, recorded: Lab) -> None:
    data = Dataset(root)
    assert len(data) == sum(LENGTHS)
    assert (data.fps, data.robot_type, data.tasks) == (30, "koch", ("a", "b"))
    assert dict(data.features) == recorded.spec.features()
    assert data.camera_keys == [FRONT, WRIST]
    assert [each.length for each in data.episodes] == list(LENGTHS)
    assert {key: each.tolist() for key, each in data.episode_data_index.items()} == {
        "from": [0, 5, 13],
        "to": [5, 13, 17],
    }
    assert repr(data) == f"Dataset({str(root)!r}, 3 episodes, 17 frames)"


def test_every_row_is_what_stands_on_the_disk(root: Path) -> None:
    data = Dataset(root)
    row = 0
    for episode, length in enumerate(LENGTHS):
        columns = read_episode(root / layout.data_file(episode)).by_feature()
        pictures = {key: due_pictures(root, episode, key) for key in (FRONT, WRIST)}
        for frame in range(length):
            sample = data[row]
            assert list(sample) == [*data.features, "task"]
            for key, column in columns.items():
                assert np.array_equal(sample[key], column[frame])
                assert sample[key].dtype == column.dtype
            for key in (FRONT, WRIST):
                assert np.array_equal(sample[key], pictures[key][frame])
            assert sample["task"] == TASKS[episode]
            row += 1
    assert row == len(data)


def test_a_slice_is_the_samples_stacked(root: Path) -> None:
    data = Dataset(root, delta_timestamps={"action": [0.0, 0.1], FRONT: [-0.1, 0.0]})
    batch = data[3:15:4]
    samples = [data[row] for row in (3, 7, 11)]
    assert batch["task"] == [sample["task"] for sample in samples] == ["a", "b", "b"]
    for key in samples[0].keys() - {"task"}:
        assert np.array_equal(batch[key], np.stack([sample[key] for sample in samples])), key
    assert data[5:5][FRONT].shape == (0, 2, 120, 160, 3)


def test_a_batch_of_torch_is_the_samples(root: Path) -> None:
    data = Dataset(root)
    for sample, row in zip(data.__getitems__([16, 2, 2, 9]), (16, 2, 2, 9), strict=True):
        assert equal(sample, data[row])


def test_what_is_negative_counts_from_the_end_and_iterating_ends(root: Path) -> None:
    data = Dataset(root)
    assert equal(data[-1], data[16])
    assert [int(sample["index"]) for sample in data] == list(range(17))
    for row in (17, -18):
        with pytest.raises(IndexError):
            data[row]


def test_windows_stay_in_their_episode_and_pads_are_flagged(root: Path) -> None:
    data = Dataset(root, delta_timestamps={FRONT: [-2 / 30, 0, 2 / 30], "action": [-1 / 30, 0.1]})
    sample = data[6]  # the second frame of the second episode
    pictures = due_pictures(root, 1, FRONT)
    assert np.array_equal(sample[FRONT], np.stack([pictures[0], pictures[1], pictures[3]]))
    assert sample[f"{FRONT}_is_pad"].tolist() == [True, False, False]
    action = data.rows.columns["action"]
    assert np.array_equal(sample["action"], action[[5, 9]])
    assert sample["action_is_pad"].tolist() == [False, False]
    assert np.array_equal(sample[WRIST], due_pictures(root, 1, WRIST)[1])
    last = data[12]
    assert np.array_equal(last["action"], action[[11, 12]])
    assert last["action_is_pad"].tolist() == [False, True]
    assert last[f"{FRONT}_is_pad"].dtype == np.bool_


def test_a_window_of_one_picture_has_no_time_axis_but_a_vector_has(root: Path) -> None:
    sample = Dataset(root, delta_timestamps={"observation.*": [0.0]})[3]
    assert sample[FRONT].shape == (120, 160, 3)
    assert sample[f"{FRONT}_is_pad"].shape == (1,)
    assert sample["observation.state"].shape == (1, 3)


def test_pictures_may_be_as_lerobot_has_them(root: Path) -> None:
    plain = Dataset(root, delta_timestamps={FRONT: [0.0, 0.1]})[1]
    scaled = Dataset(root, delta_timestamps={FRONT: [0.0, 0.1]}, images="float32")[1]
    assert scaled[FRONT].shape == (2, 3, 120, 160)
    assert scaled[FRONT].dtype == np.float32
    due = plain[FRONT].transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    assert np.array_equal(scaled[FRONT], due)
    assert scaled[WRIST].shape == (3, 160, 200)
    with pytest.raises(DatasetError, match="not as 'float64'"):
        Dataset(root, images="float64")  # type: ignore[arg-type]


def test_chosen_episodes_are_numbered_from_0_in_the_order_given(root: Path) -> None:
    whole, data = Dataset(root), Dataset(root, episodes=[2, 0], delta_timestamps={"action": [1.0]})
    assert len(data) == 9
    assert data.episode_data_index["from"].tolist() == [0, 4]
    assert data.episode_data_index["to"].tolist() == [4, 9]
    for row, due in ((0, 13), (3, 16), (4, 0), (8, 4)):
        for key in (FRONT, "index", "episode_index", "timestamp"):
            assert np.array_equal(data[row][key], whole[due][key])
    assert np.array_equal(data[0]["action"][0], whole[16]["action"])
    assert data.tasks == whole.tasks
    with pytest.raises(DatasetError, match="no episode 3; the dataset has 0 to 2"):
        Dataset(root, episodes=[3])
    with pytest.raises(DatasetError, match="chosen twice"):
        Dataset(root, episodes=[1, 1])


def test_statistics_are_those_of_the_chosen_episodes(root: Path) -> None:
    data = Dataset(root, episodes=[0, 2])
    action = data.rows.columns["action"]
    assert np.allclose(data.stats["action"].mean, action.mean(axis=0, dtype=np.float64))
    assert np.allclose(data.stats["action"].std, action.std(axis=0, dtype=np.float64))
    assert data.stats["action"].count == data.stats[FRONT].count == 9
    assert data.stats["index"].max.tolist() == [16]
    assert list(data.stats) == list(data.features)


def test_no_episodes_are_a_dataset_too(root: Path) -> None:
    data = Dataset(root, episodes=[])
    assert len(data) == 0
    assert list(data) == []
    assert data.stats == {}


def read_in_child(data: Dataset, rows: list[int], answers: Any) -> None:
    answers.put([data[row][FRONT].sum() for row in rows])


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_children_read_what_the_parent_reads(root: Path, start: Any) -> None:
    data = Dataset(root)
    due = [data[row][FRONT].sum() for row in (0, 7, 16)]  # decoders are open here
    context = multiprocessing.get_context(start)
    answers = context.Queue()
    children = [
        context.Process(target=read_in_child, args=(data, [0, 7, 16], answers)) for _ in range(2)
    ]
    for child in children:
        child.start()
    got = [answers.get(timeout=240) for _ in children]
    for child in children:
        child.join()
    assert got == [due, due]
    assert [child.exitcode for child in children] == [0, 0]


def test_it_goes_through_a_pickle(root: Path) -> None:
    data = Dataset(root, delta_timestamps={"action": [0.0, 1.0]})
    assert equal(pickle.loads(pickle.dumps(data))[7], data[7])


def test_an_old_stats_file_is_not_believed(root: Path) -> None:
    due = Dataset(root).stats["action"]
    path = root / layout.STATS
    old = json.loads(path.read_bytes())
    old["action"]["count"] = [3]
    path.write_text(json.dumps(old))
    assert Dataset(root).stats["action"].count == due.count
    path.unlink()
    assert Dataset(root).stats["action"].count == due.count


def test_what_lerobot_wrote_has_no_hardware_and_no_sidecar(root: Path) -> None:
    due = Dataset(root)[9]
    shutil.rmtree(root / "capture")
    (root / layout.HARDWARE).unlink()
    (root / layout.STATS).unlink()
    shutil.rmtree(root / layout.PRIVATE)
    assert equal(Dataset(root)[9], due)
    assert not (root / layout.PRIVATE).exists()


def rewritten(path: Path, name: str, values: Any) -> None:
    table = pq.read_table(path, partitioning=None)
    column = pa.array(values, type=table[name].type)
    pq.write_table(table.set_column(table.column_names.index(name), name, column), path)


def test_lists_of_no_fixed_size_are_vectors_too(root: Path) -> None:
    due = Dataset(root)[6]
    path = root / layout.data_file(1)
    table = pq.read_table(path, partitioning=None)
    loose = pa.array(table["action"].to_pylist(), type=pa.list_(pa.float32()))
    pq.write_table(table.set_column(0, "action", loose), path)
    assert equal(Dataset(root)[6], due)


def test_rows_of_a_vector_of_another_length_are_refused(root: Path) -> None:
    path = root / layout.data_file(1)
    table = pq.read_table(path, partitioning=None)
    vectors: list[Any] = table["action"].to_pylist()
    vectors[2], vectors[3] = vectors[2] + vectors[3][:1], vectors[3][1:]  # as many values as due
    loose = pa.array(vectors, type=pa.list_(pa.float32()))
    pq.write_table(table.set_column(0, "action", loose), path)
    with pytest.raises(DatasetError, match=r"\(action: its frames have several lengths\)"):
        Dataset(root)


def test_what_disagrees_is_refused(root: Path) -> None:
    data = root / layout.data_file(1)
    kept = data.read_bytes()
    pq.write_table(pq.read_table(data, partitioning=None).slice(0, 7), data)
    with pytest.raises(DatasetError, match=r"has 7 frames and meta/episodes\.jsonl says 8"):
        Dataset(root)
    data.write_bytes(kept)
    rewritten(data, "episode_index", [1] * 7 + [2])
    with pytest.raises(DatasetError, match="frames of another episode"):
        Dataset(root)
    data.write_bytes(kept)
    rewritten(data, "timestamp", [each / 30 for each in (0, 1, 2, 3, 5, 6, 7, 8)])
    with pytest.raises(DatasetError, match=r"not 1/30 s apart within 0\.0001 s"):
        Dataset(root)
    assert len(Dataset(root, tolerance_s=0.04)) == 17
    data.unlink()
    with pytest.raises(DatasetError, match=r"episode_000001\.parquet cannot be read"):
        Dataset(root)
    data.write_bytes(kept)
    (root / layout.video_file(2, WRIST)).unlink()
    with pytest.raises(DatasetError, match=r"episode_000002\.mp4 cannot be read"):
        Dataset(root)
    assert len(Dataset(root, episodes=[0, 1])) == 13


def test_rows_of_one_take_are_never_shown_with_pictures_of_another(root: Path) -> None:
    data = Dataset(root)
    data[6]
    video = root / layout.video_file(1, FRONT)
    other = video.with_name("new")
    shutil.copyfile(video, other)
    other.replace(video)
    with pytest.raises(DatasetError, match="was changed since the dataset was opened"):
        data[6]
    assert equal(data[0], Dataset(root)[0])


def test_pictures_of_another_size_are_refused(root: Path) -> None:
    shutil.copyfile(root / layout.video_file(1, WRIST), root / layout.video_file(1, FRONT))
    with pytest.raises(DatasetError, match=r"200x160 stands where meta/info\.json says 160x120"):
        Dataset(root)[6]


def test_lerecord_exports_it_and_stays_light() -> None:
    assert lerecord.Dataset is Dataset
    assert lerecord.__all__ == ["Dataset", "MultiDataset", "__version__", "delta_timestamps_for"]
    assert all(getattr(lerecord, name) is not None for name in lerecord.__all__)
    code = "import lerecord, sys; print({'numpy', 'av', 'pyarrow', 'cv2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
    with pytest.raises(AttributeError, match="no attribute 'Datasets'"):
        lerecord.Datasets  # noqa: B018
