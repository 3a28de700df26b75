import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import Segment
from lerecord.dataset.verify import check
from lerecord.errors import DatasetError
from lerecord.progress import Advance

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

Damage = Callable[[Path], None]


@pytest.fixture
def sound(lab: "Lab") -> Path:
    """Three episodes of two tasks, the second with a missed slot and an old image."""
    with lab.open() as writer:
        lab.record(writer, "a", rows=5)
        lab.record(
            writer, "b", rows=8, missed_before={4: 1}, show=lambda camera, row: row - row % 2
        )
        lab.record(writer, "a", rows=4)
    return lab.root


def test_a_sound_dataset_has_no_findings(sound: Path) -> None:
    report = check(sound)
    assert report.sound
    assert [str(each) for each in report.remarks] == [
        "episode 1, frame 4: the slot was missed and the frame before it is repeated.",
        "episode 1: The loop missed 1 of 9 slots, each of which repeats the frame before: close "
        "other programs, or lower the fps.",
    ]


def test_a_quick_check_decodes_nothing(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode(segment: Segment, fps: int) -> None:
        raise AssertionError("an image was decoded")

    monkeypatch.setattr("lerecord.dataset.verify.video.frames_within", decode)
    assert check(sound, quick=True).findings == []
    with pytest.raises(AssertionError):
        check(sound)


def test_progress_is_told_by_episodes(sound: Path) -> None:
    told: list[Advance] = []
    check(sound, quick=True, progress=told.append)
    assert told == [Advance(each, 3, "episodes") for each in (1, 2, 3)]


def test_a_change_in_the_middle_of_a_check_is_no_finding(sound: Path) -> None:
    def edit_once(advance: Advance) -> None:
        if not changed:
            changed.append(advance.done)
            operations.delete(sound, [0])

    changed: list[int] = []
    report = check(sound, progress=edit_once)
    assert changed == [1]
    assert report.findings == []
    assert {remark.episode for remark in report.remarks} == {0}  # once episode 1


def test_a_dataset_that_changes_all_the_time_is_not_judged(sound: Path) -> None:
    def edit_again(advance: Advance) -> None:
        if advance.done == 1:
            operations.relabel(sound, [2], next(tasks))

    tasks = iter(["c", "a", "c", "unused"])
    with pytest.raises(DatasetError, match="keeps changing"):
        check(sound, quick=True, progress=edit_again)
    assert next(tasks) == "unused"


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"is not a dataset: meta/info\.json is missing"):
        check(tmp_path)


def json_file(name: str, change: Callable[[Any], None]) -> Damage:
    def damage(root: Path) -> None:
        data = json.loads((root / name).read_bytes())
        change(data)
        (root / name).write_text(json.dumps(data))

    return damage


def line(name: str, number: int, change: Callable[[Any], None]) -> Damage:
    def damage(root: Path) -> None:
        lines = (root / name).read_text().splitlines()
        data = json.loads(lines[number])
        change(data)
        lines[number] = json.dumps(data)
        (root / name).write_text("".join(f"{each}\n" for each in lines))

    return damage


def column(name: str, row: int, value: Any, episode: int = 1) -> Damage:
    def damage(root: Path) -> None:
        path = root / layout.data_file(episode)
        read = pq.read_table(path, partitioning=None)
        values = read[name].to_pylist()
        values[row] = value
        place = read.column_names.index(name)
        changed = read.set_column(place, name, pa.array(values, type=read[name].type))
        pq.write_table(changed, path)

    return damage


def without_rows(episode: int) -> Damage:
    def damage(root: Path) -> None:
        path = root / layout.data_file(episode)
        pq.write_table(pq.read_table(path, partitioning=None).slice(0, 3), path)

    return damage


def sidecar(change: Callable[[dict[str, list[Any]]], None], episode: int = 0) -> Damage:
    def damage(root: Path) -> None:
        path = root / layout.capture_file(episode)
        read = pa.ipc.open_file(pa.BufferReader(path.read_bytes())).read_all()
        values = read.to_pydict()
        change(values)
        changed = pa.table(values, schema=read.schema)
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, read.schema) as writer:
            writer.write_table(changed)

    return damage


def remove(name: str) -> Damage:
    return lambda root: (root / name).unlink()


def write(name: str, data: bytes) -> Damage:
    def damage(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)

    return damage


def set_at(data: Any, value: Any, *path: Any) -> None:
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value


def cut_newline(root: Path) -> None:
    (root / layout.TASKS).write_bytes((root / layout.TASKS).read_bytes()[:-1])


def drop_last_row(columns: dict[str, list[Any]]) -> None:
    for values in columns.values():
        values.pop()


FRONT = layout.video_file(0, "observation.images.front")

DAMAGES: list[tuple[str, Damage, str]] = [
    (
        "total frames",
        json_file(layout.INFO, lambda d: d.update(total_frames=19)),
        "total_frames in meta/info.json is 19 instead of 18.",
    ),
    (
        "total videos",
        json_file(layout.INFO, lambda d: d.update(total_videos=5)),
        "total_videos in meta/info.json is 5 instead of 6.",
    ),
    (
        "splits",
        json_file(layout.INFO, lambda d: d.update(splits={"train": "0:2"})),
        "splits in meta/info.json is {'train': '0:2'} instead of {'train': '0:3'}.",
    ),
    (
        "too many episodes",
        json_file(layout.INFO, lambda d: d.update(total_episodes=4)),
        "meta/episodes.jsonl has 3 lines and meta/info.json counts 4; restore both from a copy.",
    ),
    (
        "too few episodes",
        json_file(layout.INFO, lambda d: d.update(total_episodes=2)),
        "the number of lines of meta/episodes.jsonl is 3 instead of 2.",
    ),
    (
        "fps",
        json_file(layout.INFO, lambda d: d.update(fps=30.0)),
        "fps in meta/info.json is 30.0; LeRobot needs an int.",
    ),
    (
        "features",
        json_file(layout.INFO, lambda d: set_at(d, ["i"], "features", "index", "names")),
        "the feature index in meta/info.json is not of LeRobot's form.",
    ),
    (
        "tasks",
        write(layout.TASKS, b'{"task_index": 0, "task": "b"}\n{"task_index": 1, "task": "a"}\n'),
        "meta/tasks.jsonl lists ['b', 'a'] and the episodes bring ['a', 'b'], in the order of "
        "their first appearance.",
    ),
    (
        "no newline",
        cut_newline,
        "meta/tasks.jsonl does not end in a newline; the next append would join two lines.",
    ),
    (
        "length",
        line(layout.EPISODES, 1, lambda d: d.update(length=8)),
        "episode 1: the number of frames in data/chunk-000/episode_000001.parquet is 9 instead of "
        "8.",
    ),
    ("stats gone", remove(layout.STATS), "meta/stats.json is missing."),
    (
        "stats",
        json_file(layout.STATS, lambda d: set_at(d, 0.5, "action", "mean", 0)),
        "meta/stats.json of action does not match the statistics of its episodes.",
    ),
    (
        "image stats shape",
        json_file(
            layout.STATS,
            lambda d: set_at(d, [0.1, 0.2, 0.3], "observation.images.front", "mean"),
        ),
        "meta/stats.json, observation.images.front has mean [0.1, 0.2, 0.3] where the shape of min "
        "(3, 1, 1) is expected; correct it or restore the file from a copy.",
    ),
    (
        "episode stats",
        line(layout.EPISODES_STATS, 1, lambda d: set_at(d, 1e-3, "stats", "action", "std", 1)),
        "episode 1: meta/episodes_stats.jsonl: std of action is not that of its frames.",
    ),
    (
        "episode count",
        line(layout.EPISODES_STATS, 1, lambda d: set_at(d, [8], "stats", "timestamp", "count")),
        "episode 1: meta/episodes_stats.jsonl: count of timestamp is not that of its frames.",
    ),
    (
        "image stats",
        line(
            layout.EPISODES_STATS,
            2,
            lambda d: set_at(
                d, [[[0.4]], [[0.4]], [[0.4001]]], "stats", "observation.images.wrist", "mean"
            ),
        ),
        "episode 2, camera wrist: meta/episodes_stats.jsonl: mean of observation.images.wrist is "
        "not that of its images.",
    ),
    (
        "timestamp",
        column("timestamp", 3, 0.1001),
        "episode 1, frame 3: timestamp is 0.10010000318288803 instead of 0.10000000149011612.",
    ),
    (
        "index",
        column("index", 0, 0),
        "episode 1, frame 0: index is 0 instead of 5.",
    ),
    (
        "frame index",
        column("frame_index", 8, 9),
        "episode 1, frame 8: frame_index is 9 instead of 8.",
    ),
    (
        "episode index",
        column("episode_index", 2, 0),
        "episode 1, frame 2: episode_index is 0 instead of 1.",
    ),
    (
        "task index",
        column("task_index", 2, 0),
        "episode 1, frame 2: task_index is 0 instead of 1.",
    ),
    (
        "no number",
        column("observation.state", 6, [0.0, float("nan"), 0.0]),
        "episode 1, frame 6: the state is not a number.",
    ),
    (
        "short table",
        without_rows(2),
        "episode 2: the number of frames in data/chunk-000/episode_000002.parquet is 3 instead of "
        "4.",
    ),
    (
        "hardware",
        json_file(layout.HARDWARE, lambda d: d.pop("calibration")),
        "meta/hardware.json lacks calibration.",
    ),
    ("hardware gone", remove(layout.HARDWARE), "meta/hardware.json is missing."),
    ("health gone", remove(layout.HEALTH), "capture/health.jsonl is missing."),
    (
        "a stray table",
        write("data/chunk-000/copy.parquet", b"x"),
        "data/chunk-000/copy.parquet belongs to no episode; LeRobot would read or count it.",
    ),
    (
        "a stray video",
        write("videos/chunk-001/observation.images.front/episode_000000.mp4", b"x"),
        "videos/chunk-001/observation.images.front/episode_000000.mp4 belongs to no episode; "
        "LeRobot would read or count it.",
    ),
    (
        "capture after the frame",
        sidecar(lambda d: set_at(d, d["started"][2] + 0.01, "front.captured_at", 2)),
        "episode 0, camera front, frame 2: its image was captured after the frame's own time.",
    ),
    (
        "repeat flag",
        sidecar(lambda d: set_at(d, True, "front.repeated", 2)),
        "episode 0, camera front, frame 2: the sidecar's capture times and its repeat flags "
        "disagree.",
    ),
    (
        "missed first",
        sidecar(lambda d: set_at(d, True, "missed", 0)),
        "episode 0, frame 0: a missed slot repeats the frame before it, and there is none.",
    ),
    (
        "short sidecar",
        sidecar(drop_last_row),
        "episode 0: the number of frames in capture/chunk-000/episode_000000.arrow is 4 instead of "
        "5.",
    ),
]


@pytest.mark.parametrize(
    ("damage", "finding"), [each[1:] for each in DAMAGES], ids=[each[0] for each in DAMAGES]
)
def test_damage_is_found_and_named(sound: Path, damage: Damage, finding: str) -> None:
    damage(sound)
    assert finding in [str(each) for each in check(sound).findings]


@pytest.mark.parametrize(
    "name", [layout.data_file(1), layout.capture_file(1), FRONT, layout.EPISODES, layout.TASKS]
)
@pytest.mark.parametrize("data", [None, b"", b"not this"])
def test_a_file_that_is_missing_or_broken_is_found(
    sound: Path, name: str, data: bytes | None
) -> None:
    (sound / name).unlink()
    if data is not None:
        (sound / name).write_bytes(data)
    findings = [str(each) for each in check(sound).findings]
    assert [each for each in findings if name in each], findings


def test_many_rows_are_one_line(sound: Path) -> None:
    column("index", 3, 0)(sound)
    column("index", 5, 0)(sound)
    column("index", 7, 0)(sound)
    findings = [str(each) for each in check(sound, quick=True).findings]
    assert "episode 1, frame 3: index is 0 instead of 8. The same holds for 2 later frames." in (
        findings
    )


def test_an_old_picture_is_a_remark_and_no_finding(lab: "Lab") -> None:
    with lab.open() as writer:
        lab.record(writer, rows=12, show=lambda camera, row: min(row, 2))
    report = check(lab.root)
    assert report.findings == []
    old = [each for each in report.remarks if "the image is old" in each.text]
    assert [(each.camera, each.row) for each in old] == [("front", 8), ("wrist", 8)]
    assert np.isclose(float(old[0].text.split("by ")[1].split(" s")[0]), 0.3, atol=0.02)


def test_a_rig_that_is_not_simulated_needs_no_strip(lab: "Lab") -> None:
    lab.spec = lab.spec_with(hardware=lab.spec.hardware.with_entries(simulated=False))
    with lab.open() as writer:
        lab.record(writer)
    assert check(lab.root).findings == []
