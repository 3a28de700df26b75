import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.dataset.format import layout
from lerecord.dataset.format.stats import to_data
from lerecord.dataset.join import Merging, MultiDataset, merge
from lerecord.dataset.read import Dataset
from lerecord.dataset.storage import NewFolder
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.progress import Advance
from tests.dataset.conftest import Lab

FRONT = "observation.images.front"


class KilledError(BaseException):
    pass


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three datasets of one rig; their tasks overlap and are numbered in different orders."""
    lab = Lab(tmp_path_factory.mktemp("recorded") / "set")
    roots = []
    for number, tasks in enumerate((("a", "b"), ("b", "c", "a"), ("d",))):
        lab.root = lab.root.with_name(f"set {number}")
        with lab.open() as writer:
            for place, task in enumerate(tasks):
                lab.record(writer, task, rows=3 + number + place, seed=10 * number + place)
        roots.append(lab.root)
    return roots


@pytest.fixture
def roots(recorded: list[Path], tmp_path: Path) -> list[Path]:
    return [Path(shutil.copytree(root, tmp_path / root.name)) for root in recorded]


def contents(root: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_merge_passes_the_check_and_leaves_its_sources_as_they_are(
    roots: list[Path], tmp_path: Path
) -> None:
    before = [contents(root) for root in roots]
    out = tmp_path / "out"
    told: list[Advance] = []
    info = merge(out, roots, Merging(progress=told.append))
    assert check(out).findings == []
    assert (info.episodes, info.frames, info.tasks) == (6, 27, 4)
    assert told == [Advance(each, 6, "episodes") for each in range(1, 7)]
    assert [contents(root) for root in roots] == before
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_everything_is_numbered_anew(roots: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    merge(out, roots)
    assert [each["task"] for each in lines(out / layout.TASKS)] == ["a", "b", "c", "d"]
    assert lines(out / layout.EPISODES) == [
        {"episode_index": index, "tasks": [task], "length": length}
        for index, (task, length) in enumerate(zip("abbcad", (3, 4, 4, 5, 6, 5), strict=True))
    ]
    assert [each["episode_index"] for each in lines(out / layout.HEALTH)] == list(range(6))
    rows = Dataset(out).rows.columns
    assert rows["index"].tolist() == list(range(27))
    assert rows["task_index"].tolist() == [0] * 3 + [1] * 8 + [2] * 5 + [0] * 6 + [3] * 5


def test_rows_pictures_and_sidecars_are_those_of_the_sources(
    roots: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    merge(out, roots)
    episode = 0
    for root in roots:
        for index in range(len(lines(root / layout.EPISODES))):
            for name in (layout.capture_file, lambda each: layout.video_file(each, FRONT)):
                assert (out / name(episode)).samefile(root / name(index))
            ours, theirs = Dataset(out, [episode]), Dataset(root, [index])
            for key in ("action", "observation.state", "timestamp", "frame_index"):
                assert np.array_equal(ours.rows.columns[key], theirs.rows.columns[key])
            episode += 1
    assert episode == 6


def test_several_datasets_read_as_one_are_what_a_merge_makes_of_them(
    roots: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    merge(out, roots)
    deltas = {"action": [0.0, 0.1], FRONT: [-0.1, 0.0]}
    one, many = Dataset(out, delta_timestamps=deltas), MultiDataset(roots, deltas)
    assert (len(many), many.fps, many.robot_type) == (len(one), one.fps, one.robot_type)
    assert tuple(many.tasks) == one.tasks
    assert many.episodes == one.episodes
    assert many.features == one.features
    assert many.camera_keys == one.camera_keys
    assert to_data(many.stats) == to_data(one.stats)
    for name, bounds in one.episode_data_index.items():
        assert np.array_equal(many.episode_data_index[name], bounds)
    owners = [0] * 7 + [1] * 15 + [2] * 5
    for row, owner in enumerate(owners):
        sample, due = many[row], one[row]
        assert int(sample.pop("dataset_index")) == owner
        assert sample.keys() == due.keys()
        for key, value in due.items():
            assert np.array_equal(sample[key], value), (row, key)
            assert np.asarray(sample[key]).dtype == np.asarray(value).dtype
    batch, due = many[2:27:6], one[2:27:6]
    assert batch.pop("dataset_index").tolist() == [0, 1, 1, 1, 2]
    assert all(np.array_equal(batch[key], due[key]) for key in due)
    assert len(many[3:3]["action"]) == 0
    picked = many.__getitems__([26, 0, 12])
    assert [int(each["index"]) for each in picked] == [26, 0, 12]
    assert repr(many) == "MultiDataset(3 datasets, 27 frames)"


def test_another_rig_is_not_read_as_one(roots: list[Path]) -> None:
    path = roots[1] / layout.INFO
    path.write_text(path.read_text().replace('"koch"', '"so101"'))
    with pytest.raises(DatasetError, match="cannot be merged: form: robot type is koch in"):
        MultiDataset(roots)


def test_another_rig_is_not_merged(roots: list[Path], tmp_path: Path) -> None:
    path = roots[2] / layout.HARDWARE
    path.write_text(path.read_text().replace("1200", "1210"))
    out = tmp_path / "out"
    with pytest.raises(
        DatasetError, match=r"hardware: arms\.main\.follower\.model is \[1060, 1200"
    ):
        merge(out, roots)
    assert not out.exists()
    merge(out, roots, Merging(allow_hardware=True))
    assert len(Dataset(out)) == 27


def steps_of_a_merge(roots: list[Path], tmp_path: Path) -> list[str]:
    steps: list[str] = []
    merge(tmp_path / "counted", roots, Merging(probe=steps.append))
    shutil.rmtree(tmp_path / "counted")
    return steps


def test_a_kill_at_any_step_leaves_no_half_dataset(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    steps = steps_of_a_merge(roots[:2], tmp_path)
    assert steps[-2:] == ["sync", "rename"]
    exit_ = NewFolder.__exit__
    for at in range(0, len(steps), 4):
        left = iter(steps[: at + 1])

        def probe(step: str, left: Any = left) -> None:
            next(left)
            if left.__length_hint__() == 0:
                raise KilledError(step)

        def killed(folder: NewFolder, *_: object) -> None:
            folder._lock.close()  # the kernel frees it; nothing else is done by a dead process

        monkeypatch.setattr(NewFolder, "__exit__", killed)
        with pytest.raises(KilledError):
            merge(out, roots[:2], Merging(probe=probe))
        monkeypatch.setattr(NewFolder, "__exit__", exit_)
        assert not out.exists()
    assert [path.name for path in tmp_path.glob(".*")] == [".out.partial"]
    (tmp_path / ".out.partial" / "left").write_text("by the killed one")
    merge(out, roots[:2])
    assert check(out).findings == []
    assert not list(tmp_path.glob(".*"))


def test_a_failure_leaves_nothing(roots: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    (roots[2] / layout.data_file(0)).write_bytes(b"not this")
    with pytest.raises(DatasetError, match=r"episode_000000\.parquet cannot be read"):
        merge(out, roots)
    (roots[1] / layout.video_file(2, FRONT)).unlink()
    with pytest.raises(DatasetError, match=r"is not sound: episode 2, camera front: .*No such"):
        merge(out, roots[1:])
    assert not list(tmp_path.glob("*out*"))
    assert not list(tmp_path.glob(".*"))


def test_a_source_that_changes_meanwhile_is_refused(
    roots: list[Path], tmp_path: Path, lab: Lab
) -> None:
    out = tmp_path / "out"

    def probe(step: str) -> None:
        if step == f"write {layout.EPISODES}":
            lab.root = roots[1]
            with lab.open() as writer:
                lab.record(writer, "a", rows=3)

    with pytest.raises(DatasetError, match=r"set 1 was changed while it was read"):
        merge(out, roots, Merging(probe=probe))
    assert not out.exists()


def test_what_is_there_is_not_written_over(roots: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not empty"):
        merge(roots[2], roots[:2])
    out = tmp_path / "out"
    out.mkdir()
    merge(out, roots[:2])
    with pytest.raises(DatasetError, match="is not empty"):
        merge(out, roots[:2])
    assert check(out).findings == []


def test_where_a_disk_has_no_second_names_files_are_copied(
    roots: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_link)
    out = tmp_path / "out"
    merge(out, roots)
    video = layout.video_file(0, FRONT)
    assert not (out / video).samefile(roots[0] / video)
    assert (out / video).read_bytes() == (roots[0] / video).read_bytes()
    assert check(out, quick=True).findings == []


def test_what_lerobot_recorded_merges_too(roots: list[Path], tmp_path: Path) -> None:
    for root in roots:
        shutil.rmtree(root / "capture")
        (root / layout.HARDWARE).unlink()
        (root / layout.STATS).unlink()
    out = tmp_path / "out"
    merge(out, roots)
    assert len(Dataset(out)) == 27
    assert not (out / "capture").exists()
    assert not (out / layout.HARDWARE).exists()


def test_the_rig_is_that_of_the_first_dataset_that_knows_one(
    roots: list[Path], tmp_path: Path
) -> None:
    shutil.rmtree(roots[0] / "capture")
    (roots[0] / layout.HARDWARE).unlink()
    out = tmp_path / "out"
    merge(out, roots, Merging(allow_hardware=True))
    assert (out / layout.HARDWARE).read_bytes() == (roots[1] / layout.HARDWARE).read_bytes()
    assert check(out).findings == []
