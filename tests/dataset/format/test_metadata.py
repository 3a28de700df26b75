import json
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import (
    EpisodeRecord,
    Info,
    Stats,
    StoredStats,
    hardware_bytes,
    layout,
    metadata,
    spec_of,
    stats,
)
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
        ("chunks_size", 500, "has chunks_size 500, and lerecord reads 1000 only"),
        ("data_path", "x", r'has data_path "x", and lerecord reads "data/chunk-'),
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
    assert metadata.parse_tasks(data, len(tasks)) == dict(enumerate(tasks))
    assert metadata.numbered(metadata.parse_tasks(data, len(tasks))) == tasks


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(SENTENCE, max_size=2).map(tuple), st.integers(2, 2**31 - 1)), max_size=5
    )
)
def test_episodes_come_back(episodes: list[tuple[tuple[str, ...], int]]) -> None:
    records = [EpisodeRecord(i, tasks, length) for i, (tasks, length) in enumerate(episodes)]
    data = b"".join(record.to_line() for record in records)
    assert metadata.parse_episodes(data, len(records)) == records


def test_lines_behind_the_committed_ones_are_not_read() -> None:
    data = metadata.task_line(0, "a") + metadata.task_line(1, "b") + b'{"task_ind'
    assert metadata.parse_tasks(data, 2) == {0: "a", 1: "b"}


TASK_A, TASK_B = metadata.task_line(0, "a"), metadata.task_line(1, "b")


@pytest.mark.parametrize(
    ("data", "tasks"),
    [
        (TASK_B + TASK_A, {0: "a", 1: "b"}),
        (TASK_A + metadata.task_line(5, "b"), {0: "a", 5: "b"}),
        (TASK_A + metadata.task_line(1, "a"), {0: "a", 1: "a"}),
        (b"\xef\xbb\xbf" + TASK_A + TASK_B, {0: "a", 1: "b"}),
        ((TASK_A + TASK_B).replace(b"\n", b"\r\n"), {0: "a", 1: "b"}),
        ((TASK_A + TASK_B).rstrip(b"\n"), {0: "a", 1: "b"}),
    ],
    ids=["other order", "gap", "duplicate", "byte order mark", "crlf", "no last newline"],
)
def test_tasks_are_read_as_lerobot_reads_them(data: bytes, tasks: dict[int, str]) -> None:
    found = metadata.parse_tasks(data, 2)
    assert found == tasks
    assert list(found) == sorted(found)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (TASK_A, r"^meta/tasks\.jsonl has 1 line and meta/info\.json counts 2"),
        (TASK_A + b"\n" + TASK_B, r"^meta/tasks\.jsonl, line 2 is empty"),
        (TASK_A + TASK_A, r"line 2 has the task_index 0 of another line"),
        (TASK_A + b"{glued}{glued}\n", r"line 2 is not valid JSON"),
        (TASK_A + b"[1]\n", r"line 2 holds \[1\] instead of a JSON object"),
        (TASK_A + '{"task_index": 1, "task": "T\xfcr"}\n'.encode("latin-1"), "is not valid JSON"),
        (TASK_A + b'{"task_index": 1}\n', r"line 2 lacks 'task'"),
        (TASK_A + b'{"task_index": 1, "task": null}\n', "has task null where text is expected"),
        (TASK_A + b'{"task_index": -1, "task": "b"}\n', "has task_index -1 where a whole number"),
        (TASK_A + b'{"task_index": "1", "task": "b"}\n', 'has task_index "1" where a whole'),
    ],
)
def test_tasks_that_lerobot_does_not_read_are_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        metadata.parse_tasks(data, 2)


@pytest.mark.parametrize(
    ("tasks", "sentence"),
    [({0: "a", 5: "b"}, "leaves out task_index 1"), ({0: "a", 1: "a"}, 'has the task "a" twice')],
)
def test_tasks_in_other_numbers_are_not_changed(tasks: dict[int, str], sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        metadata.numbered(tasks)


def episode_line(**entries: object) -> bytes:
    return metadata.line_of({"episode_index": 0, "tasks": ["a"], "length": 3} | entries)


@pytest.mark.parametrize(
    ("tasks", "read"),
    [
        ("push it", ("push it",)),
        (["a", "b"], ("a", "b")),
        *((each, ()) for each in ([], None, [None], ["a", 1], {"a": 1}, 7, True)),
    ],
)
def test_the_tasks_of_an_episode_are_never_split(tasks: object, read: tuple[str, ...]) -> None:
    (record,) = metadata.parse_episodes(episode_line(tasks=tasks), 1)
    assert record.tasks == read


def test_further_entries_of_an_episode_are_kept() -> None:
    data = episode_line(success=True, note={"by": "me"})
    (record,) = metadata.parse_episodes(data, 1)
    assert replace(record, index=0).to_line() == data


def test_episodes_are_sorted_by_their_index() -> None:
    second = episode_line(episode_index=1, length=4)
    assert [each.length for each in metadata.parse_episodes(second + episode_line(), 2)] == [3, 4]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (episode_line(episode_index=1), r"^meta/episodes\.jsonl leaves out episode_index 0"),
        (episode_line(length=None), r"^meta/episodes\.jsonl, line 1 has length null"),
        (episode_line(length=-1), "has length -1"),
        (episode_line(length=1e308), "has length 1e"),
        (b'{"episode_index": 0}\n', "lacks 'length'"),
    ],
)
def test_an_episode_of_another_form_is_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(DatasetError, match=sentence):
        metadata.parse_episodes(data, 1)


STATS = {"min": [0], "max": [2], "mean": [1.0], "std": [0.5], "count": [3]}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"count": None}, "has count null"),
        ({"count": [None]}, "has count null"),
        ({"count": [0]}, "has count 0 where a whole number from 1"),
        ({"min": None}, "has min null where an array of numbers"),
        ({"min": ["0"]}, "where an array of numbers"),
        ({"max": [[1], [2, 3]]}, "where an array of numbers"),
        ({"max": [2**70]}, "where an array of numbers"),
        ({"std": [0.5, 0.5]}, r"the shape of min \(1,\) is expected"),
    ],
)
def test_statistics_of_another_form_are_one_sentence(
    entry: dict[str, object], sentence: str
) -> None:
    data = json.dumps({"action": STATS | entry}).encode()
    with pytest.raises(DatasetError, match=rf"^meta/stats\.json, action .*{sentence}"):
        metadata.parse_stats(data)


def test_a_statistic_that_is_missing_is_named() -> None:
    with pytest.raises(DatasetError, match=r"^meta/stats\.json, action lacks 'max'"):
        metadata.parse_stats(b'{"action": {"min": [0]}}')


def test_a_file_that_cannot_be_appended_to_is_refused() -> None:
    metadata.require_whole(layout.TASKS, TASK_A + TASK_B, 2)
    for data in (TASK_A, TASK_A + TASK_B + b"\n", TASK_A + TASK_B.rstrip()):
        with pytest.raises(DatasetError, match=r"counts 2|is empty|does not end"):
            metadata.require_whole(layout.TASKS, data, 2)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=2), max_size=8))
def test_tasks_are_numbered_by_first_appearance(lists: list[list[str]]) -> None:
    tasks = metadata.first_appearances(lists)
    flat = [task for each in lists for task in each]
    assert sorted(tasks) == sorted(set(flat))
    assert tasks == sorted(tasks, key=flat.index)


def test_the_rig_comes_back_from_its_files(lab: "Lab") -> None:
    info = Info.of(lab.spec)
    again = spec_of(info, hardware_bytes(lab.spec))
    assert again == lab.spec
    with pytest.raises(DatasetError, match=r"meta/hardware\.json lacks 'units'"):
        spec_of(info, b"{}")


def stats_lines(*episodes: int) -> bytes:
    """Statistics whose mean is the number of the episode."""
    lines = [
        {"episode_index": each, "stats": {"action": STATS | {"mean": [float(each)]}}}
        for each in episodes
    ]
    return b"".join(metadata.line_of(each) for each in lines)


def means(each: Sequence[Stats]) -> list[float]:
    return [float(one["action"].mean[0]) for one in each]


def test_statistics_that_do_not_fit_are_parsed_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = stats_lines(2, 0, 1, 3)
    at_once = metadata.parse_episodes_stats(data, 4)
    assert isinstance(at_once, list)
    monkeypatch.setattr(metadata, "_PARSED_AT_ONCE", 10)
    stored = metadata.parse_episodes_stats(b"\xef\xbb\xbf" + data, 4)
    assert isinstance(stored, StoredStats)
    assert means(stored) == means(at_once) == [0, 1, 2, 3]
    assert means(stored[1:3]) == [1, 2]
    assert means(stored.chosen([3, 0])) == [3, 0]
    assert stats.to_data(stats.fold(stored) or {}) == stats.to_data(stats.fold(at_once) or {})
    with pytest.raises(DatasetError, match=r"line 2 lacks 'stats'"):
        metadata.parse_episodes_stats(stats_lines(0) + b'{"episode_index": 1}\n', 2)


def test_reading_statistics_takes_little_more_than_their_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metadata, "_PARSED_AT_ONCE", 10)
    data = stats_lines(*range(2000))
    tracemalloc.start()
    stored = metadata.parse_episodes_stats(data, 2000)
    assert stats.fold(stored) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * len(data)
