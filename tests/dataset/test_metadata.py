import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset import metadata, stats
from lerecord.dataset.metadata import EpisodeRecord, Info
from lerecord.errors import DatasetError

if TYPE_CHECKING:
    from tests.dataset.conftest import Lab

SENTENCE = st.text(min_size=1)


def info_of(lab: "Lab", episodes: int = 3) -> Info:
    return replace(Info.of(lab.spec), episodes=episodes, frames=75, tasks=2)


def test_info_has_lerobots_keys_in_order(lab: "Lab") -> None:
    data = json.loads(info_of(lab).to_bytes())
    assert list(data) == [
        "codebase_version",
        "robot_type",
        "total_episodes",
        "total_frames",
        "total_tasks",
        "total_videos",
        "total_chunks",
        "chunks_size",
        "fps",
        "splits",
        "data_path",
        "video_path",
        "features",
    ]
    assert (data["codebase_version"], data["total_videos"], data["fps"]) == ("v2.1", 6, 30)
    assert isinstance(data["fps"], int)
    assert data["splits"] == {"train": "0:3"}
    assert data["data_path"] == (
        "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
    )
    assert data["video_path"] == (
        "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
    )


def test_info_is_written_as_lerobot_writes_it(lab: "Lab") -> None:
    info = replace(info_of(lab), robot_type="bräs")
    text = info.to_bytes().decode()
    assert text.startswith('{\n    "codebase_version": "v2.1",\n    "robot_type": "bräs",\n')
    assert text == json.dumps(json.loads(text), indent=4, ensure_ascii=False)


@pytest.mark.parametrize(("episodes", "chunks"), [(0, 0), (1, 1), (1000, 1), (1001, 2), (2000, 2)])
def test_chunks_are_counted(lab: "Lab", episodes: int, chunks: int) -> None:
    assert info_of(lab, episodes).to_data()["total_chunks"] == chunks


def test_info_comes_back_and_keeps_what_others_added(lab: "Lab") -> None:
    data = {**info_of(lab).to_data(), "license": "apache-2.0"}
    again = Info.from_bytes(json.dumps(data).encode())
    assert again.to_data() == data
    assert again.appended(10, 2).to_data()["license"] == "apache-2.0"
    assert again.appended(10, 2).frames == 85


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        (
            "codebase_version",
            "v3.0",
            r"of version v3\.0, .*`lerecord import DATASET DATASET_v2\.1`",
        ),
        ("codebase_version", None, "has codebase_version null where v2.1 is expected"),
        ("chunks_size", 500, "has chunks_size 500 where lerecord reads 1000 only"),
        ("data_path", "x", r'has data_path "x" where lerecord reads "data/chunk-'),
    ],
)
def test_another_dataset_is_refused(lab: "Lab", key: str, value: object, sentence: str) -> None:
    data = {**info_of(lab).to_data(), key: value}
    with pytest.raises(DatasetError, match=sentence):
        Info.from_bytes(json.dumps(data).encode())


def test_an_info_that_is_not_whole_is_refused(lab: "Lab") -> None:
    with pytest.raises(DatasetError, match=r"meta/info\.json is not valid JSON"):
        Info.from_bytes(info_of(lab).to_bytes()[:-10])
    data = info_of(lab).to_data()
    del data["total_frames"]
    with pytest.raises(DatasetError, match="lacks 'total_frames'"):
        Info.from_bytes(json.dumps(data).encode())


def test_lines_are_lerobots_to_the_byte() -> None:
    assert metadata.task_line(0, "Grab the paper box") == (
        b'{"task_index": 0, "task": "Grab the paper box"}\n'
    )
    assert EpisodeRecord(0, ("Grab the paper box",), 75).to_line() == (
        b'{"episode_index": 0, "tasks": ["Grab the paper box"], "length": 75}\n'
    )
    values = {"index": stats.of_column(np.arange(3))}
    assert metadata.stats_line(4, values) == (
        b'{"episode_index": 4, "stats": {"index": {"min": [0], "max": [2], "mean": [1.0], '
        b'"std": [0.816496580927726], "count": [3]}}}\n'
    )


@settings(deadline=None)
@given(st.lists(SENTENCE, unique=True, max_size=5))
def test_tasks_come_back(tasks: list[str]) -> None:
    data = b"".join(metadata.task_line(index, task) for index, task in enumerate(tasks))
    assert data.count(b"\n") == len(tasks)
    assert metadata.parse_tasks(data, len(tasks)) == tasks


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(SENTENCE, max_size=2).map(tuple), st.integers(2)), max_size=5))
def test_episodes_come_back(episodes: list[tuple[tuple[str, ...], int]]) -> None:
    records = [EpisodeRecord(i, tasks, length) for i, (tasks, length) in enumerate(episodes)]
    data = b"".join(record.to_line() for record in records)
    assert metadata.parse_episodes(data, len(records)) == records


def test_lines_behind_the_committed_ones_are_not_read() -> None:
    data = metadata.task_line(0, "a") + metadata.task_line(1, "b") + b'{"task_ind'
    assert metadata.parse_tasks(data, 2) == ["a", "b"]


def test_lines_that_are_missing_or_out_of_order_are_refused() -> None:
    with pytest.raises(
        DatasetError, match=r"meta/tasks\.jsonl has 1 lines and info\.json counts 2"
    ):
        metadata.parse_tasks(metadata.task_line(0, "a"), 2)
    with pytest.raises(DatasetError, match="does not number its tasks 0 to 1"):
        metadata.parse_tasks(metadata.task_line(1, "a") + metadata.task_line(0, "b"), 2)
    with pytest.raises(DatasetError, match="does not number its episodes 0 to 0"):
        metadata.parse_episodes(EpisodeRecord(1, ("a",), 3).to_line(), 1)
    with pytest.raises(DatasetError, match=r"meta/tasks\.jsonl is not valid JSON"):
        metadata.parse_tasks(b"{glued}{glued}\n", 1)
    with pytest.raises(DatasetError, match="statistics of another form"):
        metadata.parse_stats(b'{"action": {"min": [0]}}')


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=2), max_size=8))
def test_tasks_are_numbered_by_first_appearance(lists: list[list[str]]) -> None:
    tasks = metadata.first_appearances(lists)
    flat = [task for each in lists for task in each]
    assert sorted(tasks) == sorted(set(flat))
    assert tasks == sorted(tasks, key=flat.index)


def test_the_rig_comes_back_from_its_files(lab: "Lab") -> None:
    info = Info.of(lab.spec)
    again = metadata.spec_of(info, metadata.hardware_bytes(lab.spec))
    assert again == lab.spec
    with pytest.raises(DatasetError, match=r"meta/hardware\.json lacks 'units'"):
        metadata.spec_of(info, b"{}")
