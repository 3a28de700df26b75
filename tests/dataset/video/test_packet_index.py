from pathlib import Path

import numpy as np
import pytest

from lerecord.dataset.video import Stamp, VideoIndex
from lerecord.dataset.video.packet_index import Coding


def index(pts: list[int], key: list[int]) -> VideoIndex:
    """Packets of 100 bytes, in ticks of 0.1 s."""
    times = np.array(pts, dtype=np.int64)
    shown = np.argsort(times)
    return VideoIndex(
        coding=Coding("h264", b"", 0, 2),
        offset=np.arange(len(pts), dtype=np.int64) * 100,
        size=np.full(len(pts), 100, dtype=np.int64),
        pts=times,
        key=np.array(key, dtype=np.int64),
        shown=shown,
        seconds=times[shown].astype(np.float64) * 0.1,
    )


def test_a_picture_is_found_by_its_time_within_the_tolerance() -> None:
    made = index([0, 2, 1, 3], key=[0])
    assert len(made) == 4
    assert [made.packet_at(each / 10, 1e-4) for each in range(4)] == [0, 2, 1, 3]
    assert made.packet_at(0.10009, 1e-4) == 2
    assert made.packet_at(0.09991, 1e-4) == 2
    for absent in (0.1002, 0.4, -0.1):
        assert made.packet_at(absent, 1e-4) is None
    assert index([], key=[]).packet_at(0.0, 1e-4) is None


def test_decoding_starts_at_the_key_picture_before() -> None:
    made = index([0, 1, 2, 3, 4], key=[0, 2, 4])
    assert [made.start_of(each) for each in range(5)] == [0, 0, 2, 2, 4]


def test_a_picture_shown_before_its_key_picture_needs_the_group_before() -> None:
    made = index([0, 1, 4, 2, 3, 5], key=[0, 2])
    assert [made.start_of(each) for each in range(6)] == [0, 0, 2, 0, 0, 2]


def test_a_stamp_moves_along_with_its_file(tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    stamp = Stamp.of(path.stat())
    path.rename(other)
    assert Stamp.of(other.stat()) == stamp
    path.write_bytes(b"one")
    assert Stamp.of(path.stat()) != stamp


@pytest.mark.parametrize("packet", range(3))
def test_without_a_key_picture_decoding_starts_at_the_first(packet: int) -> None:
    assert index([0, 1, 2], key=[]).start_of(packet) == 0
