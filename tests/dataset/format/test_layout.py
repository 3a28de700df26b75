import time
from pathlib import Path

import pytest

from lerecord.dataset.format import layout


def test_places_are_lerobots() -> None:
    key = "observation.images.front"
    assert layout.data_file(7) == "data/chunk-000/episode_000007.parquet"
    assert layout.data_file(1000) == "data/chunk-001/episode_001000.parquet"
    assert layout.video_file(999, key) == (
        "videos/chunk-000/observation.images.front/episode_000999.mp4"
    )
    assert layout.capture_file(12345) == "capture/chunk-012/episode_012345.arrow"


def test_take_ids_are_unique_and_sort_by_time() -> None:
    ids = [layout.new_take_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert [each[:15] for each in ids] == sorted(each[:15] for each in ids)


def test_no_file_of_a_staged_take_looks_like_data() -> None:
    files = layout.TakeFolder(layout.take_folder(Path("set"), "1"))
    names = [files.facts, files.rows, files.video("a"), files.capture("a"), files.histogram("a")]
    assert not [name for name in names if name.suffix in (".mp4", ".parquet")]
    assert len(set(names)) == len(names)


def test_takes_sort_by_when_they_were_made_around_a_full_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = []
    for now in (1_700_000_000_999_999_999, 1_700_000_001_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda now=now: now)
        ids.append(layout.new_take_id())
    assert ids == sorted(ids)
