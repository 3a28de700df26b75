from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.format.video_settings import Codec
from lerecord.dataset.video import (
    Cut,
    FragmentedVideo,
    count_pictures,
    cut_video,
    facts_of,
    histogram_of,
    pictures_of,
    remux,
)
from lerecord.dataset.video.plain import write_plain
from lerecord.errors import DatasetError

CAMERA = CameraSpec("front", 64, 48)
LENGTH = 13


def drawn(number: int, calm: bool) -> NDArray[np.uint8]:
    """A calm scene has a keyframe every two; in a wild one the encoder makes more."""
    if calm:
        x, y = np.meshgrid(np.arange(64), np.arange(48))
        return np.stack([x + number, y + 2 * number, x + y], axis=-1).astype(np.uint8)
    return np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def video(
    folder: Path, settings: VideoSettings, calm: bool = True, length: int = LENGTH, fps: int = 30
) -> Path:
    staged, path = folder / "staged", folder / "video"
    with FragmentedVideo(staged, CAMERA, fps, settings) as made:
        for number in range(length):
            made.encode(
                VideoFrame.from_ndarray(drawn(number, calm), format="bgr24").reformat(
                    format="yuv420p"
                )
            )
    remux(staged, path, fps)
    staged.unlink()
    return path


def decoded(path: Path) -> Sequence[NDArray[np.uint8]]:
    return list(pictures_of(path))


@pytest.fixture(scope="module", params=["h264", "av1", "wild"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    codec: Codec = "av1" if request.param == "av1" else "h264"
    settings = VideoSettings(codec=codec)
    path = video(tmp_path_factory.mktemp("cut"), settings, calm=request.param != "wild")
    return Cut(path, range(LENGTH), CAMERA, 30, settings)


def part(cut: Cut, rows: range) -> Cut:
    return Cut(cut.source, rows, cut.camera, cut.fps, cut.settings)


@pytest.mark.parametrize(
    ("rows", "encoded"),
    [
        (range(4, 9), 0),
        (range(4), 0),
        (range(5, 9), 1),
        (range(1, 13), 1),
        (range(3, 13), 1),
        (range(11, 13), 1),
    ],
)
def test_at_most_one_picture_is_encoded_again(
    source: Cut, tmp_path: Path, rows: range, encoded: int
) -> None:
    wild = facts_of(source.source).codec != "av1" and encoded_keys(source.source) == LENGTH
    assert cut_video(part(source, rows), tmp_path / "part") == (0 if wild else encoded)
    facts = facts_of(tmp_path / "part")
    assert facts.times == tuple(Fraction(i, 30) for i in range(len(rows)))
    due, found = decoded(source.source)[rows.start : rows.stop], decoded(tmp_path / "part")
    assert len(found) == len(rows)
    for number in range(len(rows)):
        if number or not encoded:
            assert np.array_equal(due[number], found[number]), number
    assert np.abs(due[0].astype(int) - found[0].astype(int)).mean() < 6


def encoded_keys(path: Path) -> int:
    with av.open(str(path), format="mp4") as container:
        return sum(
            packet.is_keyframe
            for packet in container.demux(container.streams.video[0])
            if packet.size
        )


def idr_marks(path: Path) -> list[bytes]:
    """Of each H.264 keyframe, the beginning of its slice."""
    marks = []
    with av.open(str(path), format="mp4") as container:
        for packet in container.demux(container.streams.video[0]):
            data = bytes(packet)
            while data:
                if data[4] & 31 == 5:
                    marks.append(data[4:7])
                data = data[4 + int.from_bytes(data[:4], "big") :]
    return marks


@pytest.mark.parametrize("start", [1, 3, 5, 7])
def test_key_pictures_that_follow_each_other_have_different_ids(tmp_path: Path, start: int) -> None:
    settings = VideoSettings()
    source = Cut(video(tmp_path, settings), range(start, LENGTH), CAMERA, 30, settings)
    assert cut_video(source, tmp_path / "part") == 1
    marks = idr_marks(tmp_path / "part")
    assert len(marks) == 1 + (LENGTH - start) // 2
    assert all(left != right for left, right in pairwise(marks))


def test_a_part_of_a_part_is_right(tmp_path: Path) -> None:
    settings = VideoSettings()
    path = video(tmp_path, settings)
    due = decoded(path)
    for number, rows in enumerate((range(1, 13), range(2, 12), range(1, 9), range(3, 8))):
        cut = Cut(path, rows, CAMERA, 30, settings)
        path = tmp_path / str(number)
        cut_video(cut, path)
        due = due[rows.start : rows.stop]
        found = decoded(path)
        assert len(found) == len(due) == len(rows)
        for left, right in zip(due, found, strict=True):
            assert np.abs(left.astype(int) - right.astype(int)).mean() < 8


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10), st.integers(2, 13))
def test_any_part_shows_its_pictures(source: Cut, start: int, length: int) -> None:
    rows = range(start, min(LENGTH, start + length))
    target = source.source.with_name("part")
    assert cut_video(part(source, rows), target) <= 1
    found = decoded(target)
    due = decoded(source.source)[rows.start : rows.stop]
    assert len(found) == len(due)
    for left, right in list(zip(due, found, strict=True))[1:]:
        assert np.array_equal(left, right)


def test_other_settings_than_the_source_encode_all_of_it(tmp_path: Path) -> None:
    path = video(tmp_path, VideoSettings(options=()))
    cut = Cut(path, range(3, 9), CAMERA, 30, VideoSettings())
    assert cut_video(cut, tmp_path / "part") == 6
    assert len(decoded(tmp_path / "part")) == 6
    assert facts_of(tmp_path / "part").rate == 30


@pytest.mark.parametrize("rows", [range(2, 9), range(3, 9)])
def test_with_b_frames_all_of_it_is_encoded(tmp_path: Path, rows: range) -> None:
    path = tmp_path / "b"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=30, options={"bf": "2", "g": "4"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(LENGTH):
            container.mux(
                stream.encode(VideoFrame.from_ndarray(drawn(number, True), format="bgr24"))
            )
        container.mux(stream.encode(None))
    assert cut_video(Cut(path, rows, CAMERA, 30, VideoSettings()), tmp_path / "part") == len(rows)
    due, found = decoded(path)[rows.start : rows.stop], decoded(tmp_path / "part")
    for left, right in zip(due, found, strict=True):
        assert np.abs(left.astype(int) - right.astype(int)).mean() < 6


def test_pictures_are_counted_as_they_decode(source: Cut) -> None:
    due = sum(histogram_of(each) for each in decoded(source.source)[3:7])
    assert np.array_equal(count_pictures(source.source, range(3, 7)), due)
    with pytest.raises(DatasetError, match="has fewer images than frames"):
        count_pictures(source.source, range(3, 15))


def test_packets_are_written_from_zero(source: Cut, tmp_path: Path) -> None:
    with av.open(str(source.source), format="mp4") as container:
        stream = container.streams.video[0]
        packets = [each for each in container.demux(stream) if each.size][4:8]
        assert write_plain(tmp_path / "part", 30, stream, packets) == 4
    assert facts_of(tmp_path / "part").times == tuple(Fraction(i, 30) for i in range(4))
