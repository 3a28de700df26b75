import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lerecord.dataset.format import CameraSpec, TakeFolder, episode_table, layout, read_sidecar
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.staging.capture_journal import load_track
from lerecord.dataset.staging.frame_journal import read_frames
from lerecord.dataset.verify import check
from lerecord.dataset.video import facts_of, pictures_of
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError
from lerecord.frame import Image

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

PICTURE_TOLERANCE = 1e-3


def tree(root: Path) -> dict[str, str]:
    """Every file that readers look at, by its digest."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_relative_to(root / layout.PRIVATE)
    }


def jsonl(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_dataset_is_there_with_its_first_episode(lab: "Lab") -> None:
    with lab.open() as writer:
        assert [each.name for each in lab.root.iterdir()] == [".lerecord"]
        summary = lab.record(writer, rows=9)
        assert (summary.index, summary.task, summary.length) == (0, "Grab the box", 9)
        assert summary.seconds == 9 / 30
    assert list(tree(lab.root)) == [
        "capture/chunk-000/episode_000000.arrow",
        "capture/health.jsonl",
        "data/chunk-000/episode_000000.parquet",
        "meta/episodes.jsonl",
        "meta/episodes_stats.jsonl",
        "meta/hardware.json",
        "meta/info.json",
        "meta/stats.json",
        "meta/tasks.jsonl",
        "videos/chunk-000/observation.images.front/episode_000000.mp4",
        "videos/chunk-000/observation.images.wrist/episode_000000.mp4",
    ]
    assert check(lab.root).findings == []


def test_episodes_of_two_tasks_are_numbered_through(lab: "Lab") -> None:
    with lab.open() as writer:
        for task, rows in (("a", 5), ("b", 7), ("a", 4)):
            lab.record(writer, task, rows=rows)
    with lab.open() as writer:
        assert writer.episodes == 3
        assert lab.record(writer, "c", rows=3).index == 3
    info = json.loads((lab.root / layout.INFO).read_bytes())
    assert (info["total_episodes"], info["total_frames"], info["total_tasks"]) == (4, 19, 3)
    assert (info["total_videos"], info["splits"]) == (8, {"train": "0:4"})
    assert jsonl(lab.root / layout.TASKS) == [
        {"task_index": index, "task": task} for index, task in enumerate("abc")
    ]
    assert jsonl(lab.root / layout.EPISODES) == [
        {"episode_index": index, "tasks": [task], "length": length}
        for index, (task, length) in enumerate([("a", 5), ("b", 7), ("a", 4), ("c", 3)])
    ]
    read = [episode_table.read_episode(lab.root / layout.data_file(index)) for index in range(4)]
    assert np.concatenate([each.index for each in read]).tolist() == list(range(19))
    assert [each.task_index[0] for each in read] == [0, 1, 0, 2]
    assert [each["episode_index"] for each in jsonl(lab.root / layout.HEALTH)] == [0, 1, 2, 3]
    assert check(lab.root).findings == []


def test_rows_are_what_the_rig_gave(lab: "Lab") -> None:
    with lab.open() as writer:
        summary = lab.record(writer, rows=10, missed_before={4: 2}, unmeasured=frozenset({6}))
    frames = lab.frames[0]
    due = [*frames[:4], frames[3], frames[3], *frames[4:]]
    read = episode_table.read_episode(lab.root / layout.data_file(0))
    sidecar = read_sidecar(lab.root / layout.capture_file(0), lab.spec.cameras)
    assert (summary.length, summary.missed) == (12, 2)
    assert np.array_equal(read.state, [frame.state for frame in due])
    assert np.array_equal(read.action, [frame.action for frame in due])
    assert np.array_equal(sidecar.frames.requested, [frame.requested for frame in due])
    assert np.array_equal(sidecar.frames.started, [frame.started for frame in due])
    assert np.flatnonzero(sidecar.frames.missed).tolist() == [4, 5]
    assert np.flatnonzero(~sidecar.frames.measured).tolist() == [8]
    assert sidecar.facts["task"] == "Grab the box"
    assert sidecar.facts["calibration"] == lab.spec.hardware.calibration


def test_there_is_a_picture_for_every_row_repeats_and_missed_slots_included(lab: "Lab") -> None:
    def every_second(camera: str, row: int) -> int:
        return row - row % 2 if camera == "front" else row

    with lab.open() as writer:
        summary = lab.record(writer, rows=10, missed_before={4: 3}, show=every_second)
    assert summary.length == 13
    assert summary.repeated == {"front": 8, "wrist": 3}
    for camera in lab.spec.cameras:
        path = lab.root / layout.video_file(0, camera.key)
        assert len(facts_of(path).times) == len(list(pictures_of(path))) == 13
    assert check(lab.root).findings == []


def test_statistics_are_those_of_the_raw_data(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=8, missed_before={3: 1}, seed=1)
        lab.record(writer, rows=11, seed=2, show=lambda camera, row: 7 * row)
    stored = jsonl(lab.root / layout.EPISODES_STATS)
    total = json.loads((lab.root / layout.STATS).read_bytes())
    assert list(total) == list(lab.spec.features())
    read = [episode_table.read_episode(lab.root / layout.data_file(index)) for index in range(2)]
    for key in ("action", "observation.state", "timestamp", "index"):
        columns = [each.by_feature()[key] for each in read]
        for values, column in [
            *zip([each["stats"] for each in stored], columns, strict=True),
            (total, np.concatenate(columns)),
        ]:
            check_moments(values[key], column.reshape(len(column), -1), (0,), 1e-6)
            assert values[key]["count"] == [len(column)]
    for camera in lab.spec.cameras:
        raw = [np.stack(take[camera.name])[..., ::-1] / 255.0 for take in lab.raw]
        for values, pictures in [
            *zip([each["stats"] for each in stored], raw, strict=True),
            (total, np.concatenate(raw)),
        ]:
            assert np.shape(values[camera.key]["mean"]) == (3, 1, 1)
            check_moments(values[camera.key], pictures, (0, 1, 2), PICTURE_TOLERANCE)
            assert values[camera.key]["count"] == [len(pictures)]


def check_moments(values: Any, column: Any, axes: tuple[int, ...], tolerance: float) -> None:
    exact = column.astype(np.float64)
    for name in ("min", "max", "mean", "std"):
        due = getattr(np, name)(exact, axis=axes)
        np.testing.assert_allclose(np.ravel(values[name]), due, rtol=tolerance, atol=tolerance)


def test_the_next_take_is_begun_while_the_last_waits_for_its_commit(lab: "Lab") -> None:
    with lab.open() as writer:
        first, second = lab.stage(writer, "first"), lab.stage(writer, "second")
        third = writer.begin_take("third")
        assert writer.left_takes == [first.id, second.id, third.id]
        assert writer.commit(first).index == 0
        assert writer.commit(second).index == 1
        assert writer.left_takes == [third.id]
        writer.discard(third)
        assert writer.left_takes == []
        assert [each.name for each in (lab.root / layout.TAKES).iterdir()] == []
    assert check(lab.root).findings == []


def test_while_staged_nothing_looks_like_data(lab: "Lab") -> None:
    def look(step: str) -> None:
        for path in (lab.root / layout.PRIVATE).rglob("*"):
            assert path.suffix not in (".mp4", ".parquet"), step
        steps.append(step)

    steps: list[str] = []
    with lab.open(probe=look) as writer:
        lab.record(writer)
    assert len(steps) > 20


def test_a_rows_of_a_closed_take_are_on_the_disk(lab: "Lab") -> None:
    with lab.open() as writer:
        staged = lab.stage(writer, rows=6)
        closed = staged.close()
        assert len(read_frames(closed.files.rows)) == 6
        assert closed.files == TakeFolder(staged.folder)
        assert closed.facts.task == "Grab the box"
        assert writer.left_take(staged.id) == closed
        assert writer.commit(writer.left_take(staged.id)).length == 6


def test_an_append_does_not_touch_earlier_episodes_and_reads_none(
    lab: "Lab", monkeypatch: pytest.MonkeyPatch
) -> None:
    with lab.open() as writer:
        lab.record(writer)
        lab.record(writer)
        before = {
            path: (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in lab.root.rglob("episode_*")
        }
        staged = lab.stage(writer)
        opened: list[str] = []

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "open" and watching:
                opened.append(str(arguments[0]))

        watching = True
        sys.addaudithook(watch)
        try:
            writer.commit(staged)
        finally:
            watching = False
    for path, (inode, changed_at) in before.items():
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == (inode, changed_at)
    assert not [name for name in opened if "episode_00000" in name and "txn" not in name]


# What is refused, each in one sentence.


def test_another_recorder_is_refused(lab: "Lab") -> None:
    with (
        lab.open(),
        pytest.raises(DatasetError, match=rf"Another lerecord \(process {os.getpid()}\) is"),
    ):
        lab.open()


def test_a_folder_of_something_else_is_refused_and_not_touched(lab: "Lab") -> None:
    lab.root.mkdir()
    (lab.root / "thesis.tex").write_text("x")
    with pytest.raises(DatasetError, match="is neither empty nor a dataset"):
        lab.open()
    with pytest.raises(DatasetError, match="is not a dataset"):
        DatasetWriter.open(lab.root)
    with pytest.raises(DatasetError, match="holds something else already"):
        DatasetWriter.create(lab.root, lab.spec)
    assert [each.name for each in lab.root.iterdir()] == ["thesis.tex"]


def test_a_file_is_no_folder(lab: "Lab") -> None:
    lab.root.write_text("x")
    with pytest.raises(DatasetError, match="is a file where a folder is needed"):
        lab.open()


def test_a_dataset_is_not_created_over_another(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer)
    with pytest.raises(DatasetError, match="holds a dataset already"):
        DatasetWriter.create(lab.root, lab.spec)


def test_a_folder_with_hidden_files_only_is_free(lab: "Lab") -> None:
    (lab.root / ".git").mkdir(parents=True)
    with lab.open() as writer:
        lab.record(writer)
    assert check(lab.root).findings == []


def recorded(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer)


def test_another_rig_is_refused_with_what_differs(lab: "Lab") -> None:
    recorded(lab)
    other = lab.spec_with(fps=60, cameras=(CameraSpec("front", 160, 120),))
    with pytest.raises(
        DatasetError,
        match=r"not the rig that the dataset was recorded with: fps is 60 here and 30 in the "
        r"dataset; cameras\.wrist is absent here and 200x160 in the dataset",
    ):
        DatasetWriter.open(lab.root, other)


def test_a_new_calibration_is_refused_unless_accepted_and_then_kept(lab: "Lab") -> None:
    recorded(lab)
    changed = {"main": {"follower": {"gripper": {"range_min": 11, "range_max": 900}}}}
    lab.spec = lab.spec_with(hardware=lab.spec.hardware.with_entries(calibration=changed))
    with pytest.raises(
        DatasetError,
        match=r"calibrated anew .* calibration\.main\.follower\.gripper\.range_min is 11 here "
        r"and 10 in the dataset; accept it with --accept-calibration",
    ):
        lab.open()
    with lab.open(accept_calibration=True) as writer:
        lab.record(writer)
    facts = [
        read_sidecar(lab.root / layout.capture_file(index), lab.spec.cameras).facts
        for index in range(2)
    ]
    low = [each["calibration"]["main"]["follower"]["gripper"]["range_min"] for each in facts]
    assert low == [10, 11]
    with lab.open() as writer:
        assert writer.spec.hardware.calibration == changed
    assert check(lab.root).findings == []


def test_the_rig_is_the_datasets_own_when_none_is_given(lab: "Lab") -> None:
    recorded(lab)
    with DatasetWriter.open(lab.root) as writer:
        assert writer.spec == lab.spec
        lab.record(writer)
    assert check(lab.root).findings == []


def test_another_version_is_refused(lab: "Lab") -> None:
    recorded(lab)
    path = lab.root / layout.INFO
    path.write_text(path.read_text().replace("v2.1", "v3.0"))
    with pytest.raises(
        DatasetError, match=r"of version v3\.0, which lerecord only reads; `lerecord import"
    ):
        lab.open()


def test_a_dataset_whose_rig_was_lost_is_refused(lab: "Lab") -> None:
    recorded(lab)
    (lab.root / layout.HARDWARE).unlink()
    with pytest.raises(DatasetError, match=r"meta/hardware\.json cannot be read .*; restore it"):
        lab.open()


@pytest.mark.parametrize("name", [layout.EPISODES, layout.EPISODES_STATS])
def test_lines_that_do_not_end_where_info_says_are_refused(lab: "Lab", name: str) -> None:
    recorded(lab)
    line = (lab.root / name).read_bytes()
    for data in (b"", line + line.replace(b'"episode_index": 0', b'"episode_index": 1')):
        (lab.root / name).write_bytes(data)
        with pytest.raises(DatasetError, match="does not end with episode 0, the last that"):
            lab.open()


def test_statistics_that_older_writers_left_out_are_made_good(lab: "Lab") -> None:
    recorded(lab)
    recorded(lab)
    before = (lab.root / layout.STATS).read_bytes()
    (lab.root / layout.STATS).unlink()
    recorded(lab)
    assert (lab.root / layout.STATS).read_bytes() != before
    assert check(lab.root).findings == []


def test_an_empty_task_and_a_taken_id_are_refused(lab: "Lab") -> None:
    with lab.open() as writer:
        with pytest.raises(DatasetError, match="The task is empty"):
            writer.begin_take(" ")
        writer.begin_take("a", "1").close()
        with pytest.raises(DatasetError, match="There is a take 1 already"):
            writer.begin_take("a", "1")
        with pytest.raises(DatasetError, match="There is no take 2"):
            writer.left_take("2")


def test_a_short_take_is_refused_and_stays(lab: "Lab") -> None:
    with lab.open() as writer:
        staged = lab.stage(writer, rows=1)
        with pytest.raises(DatasetError, match="has 1 frame and an episode needs 2"):
            writer.commit(staged)
        assert writer.left_takes == [staged.id]
        assert lab.record(writer).index == 0


def test_a_take_whose_camera_did_not_finish_is_refused_and_stays(lab: "Lab") -> None:
    with lab.open() as writer:
        staged = lab.stage(writer)
        camera = lab.spec.camera("wrist")
        for path in staged.folder.glob("wrist.*"):
            path.unlink()
        with pytest.raises(DatasetError, match=r"wrist\.capture is missing"):
            writer.commit(staged)
        track = TrackWriter(staged.folder, camera, 30, lab.spec.video)
        pixels = np.zeros((camera.height, camera.width, 3), dtype=np.uint8)
        for number in range(3):
            track.add(Image(pixels, float(number), number))
        track.close()
        with pytest.raises(DatasetError, match="Camera wrist has not finished the take"):
            writer.commit(staged)
        assert load_track(staged.folder, camera).rows == 3
        assert (lab.root / layout.INFO).exists() is False
        assert list((lab.root / layout.TRANSACTIONS).glob("*")) == []


def test_a_take_with_a_picture_less_than_rows_is_refused(lab: "Lab") -> None:
    with lab.open() as writer:
        staged = lab.stage(writer, rows=6)
        other = lab.stage(writer, rows=5)
        for path in staged.folder.glob("front.*"):
            (other.folder / path.name).replace(path)
        with pytest.raises(DatasetError, match="has 6 frames and camera front has 5 images"):
            writer.commit(staged)
        for name in ("front.capture", "front.histogram"):
            (lab.stage(writer, rows=6).folder / name).replace(staged.folder / name)
        with pytest.raises(DatasetError, match="has 6 frames and the video of camera front 5"):
            writer.commit(staged)
        assert list((lab.root / layout.TRANSACTIONS).glob("*")) == []


def test_a_value_that_is_no_number_is_refused(lab: "Lab", monkeypatch: pytest.MonkeyPatch) -> None:
    with lab.open() as writer:
        staged = lab.stage(writer, rows=4)
        monkeypatch.setattr(
            "lerecord.dataset.staging.closed_take.read_frames",
            lambda path: spoiled(read_frames(path)),
        )
        with pytest.raises(
            DatasetError, match=r"The action of elbow_flex\.pos in frame 2 of the take"
        ):
            writer.commit(staged)


def spoiled(rows: Any) -> Any:
    rows.action.setflags(write=True)
    rows.action[2, 1] = np.nan
    return rows


# What a kill leaves.


def killed_appends(template: Path, folder: Path) -> list[str]:
    """The steps of an append; `folder` holds a copy killed before each."""
    folder.mkdir()
    script = Path(__file__).parents[1] / "kill_appends.py"
    ran = subprocess.run(
        [sys.executable, str(script), str(template), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


@pytest.mark.parametrize("earlier", [1, 2])
def test_an_append_killed_at_any_step_loses_nothing(
    lab: "Lab", tmp_path: Path, earlier: int
) -> None:
    with lab.open() as writer:
        for _ in range(earlier):
            lab.record(writer, "first", rows=4)
        before = tree(lab.root)
        staged = lab.stage(writer, "second", rows=5)
    steps = killed_appends(lab.root, tmp_path / "killed")
    assert len(steps) > 25
    reference = tree(tmp_path / "killed" / str(len(steps)))
    episodes = {name: digest for name, digest in before.items() if "episode_" in name}
    for number, step in enumerate(steps):
        root = tmp_path / "killed" / str(number)
        assert (root / layout.LOCK).exists()
        with DatasetWriter.open(root) as writer:
            found = tree(root)
            assert episodes.items() <= found.items(), step
            assert found == (before if writer.episodes == earlier else reference), step
            assert writer.left_takes == ([staged.id] if writer.episodes == earlier else []), step
            assert check(root, quick=True).findings == [], step
            if writer.episodes == earlier:
                assert writer.commit(writer.left_take(staged.id)).index == earlier
        assert tree(root) == reference, step
        assert list((root / layout.TRANSACTIONS).iterdir()) == []


def test_a_first_append_killed_at_any_step_loses_nothing(lab: "Lab", tmp_path: Path) -> None:
    """There is no info.json before it: a killed one must not look like a folder of others."""
    folder = tmp_path / "killed"
    folder.mkdir()
    number, stopped = 0, True
    while stopped:
        lab.root = folder / str(number)
        stopped = killed_first_append(lab, number)
        with lab.open() as writer:
            if writer.episodes == 0:
                (take,) = writer.left_takes
                writer.commit(writer.left_take(take))
            assert (writer.episodes, writer.left_takes) == (1, [])
        assert check(lab.root, quick=True).findings == []
        number += 1
    assert number > 30


class KilledError(Exception):
    pass


def killed_first_append(lab: "Lab", number: int) -> bool:
    steps: list[str] = []

    def probe(step: str) -> None:
        if len(steps) == number:
            raise KilledError(step)
        steps.append(step)

    with lab.open(probe=probe) as writer:
        staged = lab.stage(writer, rows=3)
        try:
            writer.commit(staged)
        except KilledError:
            return True
    return False


def test_a_disk_that_refuses_in_the_middle_is_made_good_by_the_next_commit(lab: "Lab") -> None:
    def full(step: str) -> None:
        if step.startswith("step 4") and disk_is_full:
            raise OSError(28, "No space left on device")

    disk_is_full = True
    with lab.open(probe=full) as writer:
        staged, other = lab.stage(writer, "first"), lab.stage(writer, "second")
        with pytest.raises(
            DatasetError, match=r"No space left on device; .* are free\); the change is made"
        ):
            writer.commit(staged)
        disk_is_full = False
        assert writer.commit(other).index == 1
        assert (writer.episodes, writer.left_takes) == (2, [])
    assert [each["tasks"] for each in jsonl(lab.root / layout.EPISODES)] == [["first"], ["second"]]
    assert check(lab.root).findings == []


def test_a_killed_recorder_frees_the_lock(lab: "Lab") -> None:
    with lab.open():
        pass
    descriptor = os.open(lab.root / layout.LOCK, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with pytest.raises(DatasetError, match="Another lerecord"):
        lab.open()
    os.close(descriptor)
    with lab.open():
        pass


@pytest.mark.parametrize("episodes", [0, 1])
def test_what_is_no_take_is_cleared_and_takes_are_kept(lab: "Lab", episodes: int) -> None:
    with lab.open() as writer:
        for _ in range(episodes):
            lab.record(writer)
        kept = writer.begin_take("kept")
        kept.close()
    takes = lab.root / layout.TAKES
    (takes / ".removed").mkdir()
    (takes / "cameras-only").mkdir()
    (takes / "cameras-only" / "front.video").write_bytes(b"x")
    with lab.open() as writer:
        assert writer.left_takes == [kept.id]
    assert [each.name for each in takes.iterdir()] == [kept.id]
