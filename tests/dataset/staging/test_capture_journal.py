from pathlib import Path

import numpy as np
import pytest

from lerecord.dataset.format import CameraSpec, TakeFolder
from lerecord.dataset.staging.capture_journal import (
    CaptureJournal,
    PictureFacts,
    captured_rows,
    finished_track,
    load_track,
)
from lerecord.errors import DatasetError
from tests.syncs import Watched

CAMERA = CameraSpec("front", 160, 120)
FACTS = [
    PictureFacts(1.5, 0, repeated=False, corrupt=False),
    PictureFacts(1.5, 0, repeated=True, corrupt=False),
    PictureFacts(1.5, 0, repeated=True, corrupt=True),
    PictureFacts(2.5, 2**32 + 7, repeated=False, corrupt=False, unchanged=True, blank=True),
]


def histogram(rows: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.arange(768, dtype=np.int64).reshape(3, 256) * rows


def test_facts_come_back_and_a_finished_track_says_so(tmp_path: Path) -> None:
    with CaptureJournal(TakeFolder(tmp_path), CAMERA) as journal:
        for facts in FACTS:
            journal.add(facts)
        journal.finish(4, histogram(4))
    assert load_track(tmp_path, CAMERA).rows == 4
    assert captured_rows(TakeFolder(tmp_path).capture("front")) == 4
    track = finished_track(tmp_path, CAMERA)
    assert track.rows == track.histogram_rows == 4
    assert track.captured_at.tolist() == [1.5, 1.5, 1.5, 2.5]
    assert track.sequence.tolist() == [0, 0, 0, 7]
    assert track.repeated.tolist() == [False, True, True, False]
    assert track.corrupt.tolist() == [False, False, True, False]
    for flags in (track.unchanged, track.blank):
        assert flags is not None
        assert flags.tolist() == [False, False, False, True]
    assert np.array_equal(track.histogram, histogram(4))


def test_a_killed_track_has_the_last_histogram_and_is_not_finished(tmp_path: Path) -> None:
    journal = CaptureJournal(TakeFolder(tmp_path), CAMERA)
    journal.add(FACTS[0])
    journal.snapshot(1, histogram(1))
    journal.add(FACTS[1])
    track = load_track(tmp_path, CAMERA)
    assert (track.rows, track.histogram_rows) == (2, 1)
    assert np.array_equal(track.histogram, histogram(1))
    with pytest.raises(DatasetError, match="Camera front has not finished the take"):
        finished_track(tmp_path, CAMERA)
    journal.close()
    journal.close()


def test_a_track_is_not_finished_because_its_counts_agree(tmp_path: Path) -> None:
    with CaptureJournal(TakeFolder(tmp_path), CAMERA) as journal:
        for row, facts in enumerate(FACTS):
            journal.add(facts)
            journal.snapshot(row + 1, histogram(row + 1))
    track = load_track(tmp_path, CAMERA)
    assert track.rows == track.histogram_rows == 4
    with pytest.raises(DatasetError, match="has not finished the take"):
        finished_track(tmp_path, CAMERA)


def test_a_finished_track_is_synced_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    with CaptureJournal(TakeFolder(tmp_path), CAMERA) as journal:
        journal.add(FACTS[0])
        journal.finish(1, histogram(1))
    assert watched.events == ["sync front.histogram", "sync front.capture"]


def test_a_histogram_that_is_ahead_of_torn_rows_is_not_taken(tmp_path: Path) -> None:
    files = TakeFolder(tmp_path)
    with CaptureJournal(files, CAMERA) as journal:
        for row, facts in enumerate(FACTS):
            journal.add(facts)
            journal.snapshot(row + 1, histogram(row + 1))
    whole = files.capture("front").read_bytes()
    files.capture("front").write_bytes(whole[:-1])
    track = load_track(tmp_path, CAMERA)
    assert (track.rows, track.histogram_rows) == (3, 3)
    assert np.array_equal(track.histogram, histogram(3))


def test_a_missing_track_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"front\.capture is missing"):
        load_track(tmp_path, CAMERA)
