import os
import pickle
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lerecord.dataset.video import (
    Clock,
    PictureSource,
    Pixels,
    Stamp,
    Video,
    packet_index,
    pictures_of,
    random_access,
)
from lerecord.errors import DatasetError
from lerecord.priority import without_realtime

FPS = 30
PICTURES = 40
CODINGS = {
    "as recorded": ("libx264", {"g": "2", "bf": "0", "tune": "zerolatency", "sc_threshold": "0"}),
    "B-frames": ("libx264", {"g": "12", "bf": "3"}),
    "one group": ("libx264", {"g": "1000", "bf": "0"}),
    "av1": ("libsvtav1", {"g": "2", "preset": "12"}),
}


def write(path: Path, codec: str, options: dict[str, str], seed: int = 0) -> None:
    shades = np.random.default_rng(seed).integers(0, 256, (PICTURES, 4, 5, 3), dtype=np.uint8)
    with av.open(str(path), "w", format="mp4") as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=FPS, options=options))
        stream.width, stream.height, stream.pix_fmt = 80, 64, "yuv420p"
        without_realtime(stream.codec_context.open)
        for shade in shades:
            pixels = shade.repeat(16, axis=0).repeat(16, axis=1)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))


def video(path: Path, camera: str = "front") -> Video:
    return Video(path, Stamp.of(path.stat()), camera)


def pictures(source: PictureSource, of: Video, numbers: list[int]) -> dict[int, Pixels]:
    taken: dict[int, Pixels] = {}

    def take(number: int, rgb: Pixels) -> None:
        assert number not in taken
        taken[number] = rgb

    source.pictures(of, numbers, take)
    assert set(taken) == set(numbers)
    return taken


@pytest.fixture(params=CODINGS, scope="module")
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    write(path, *CODINGS[request.param])
    return path


@pytest.fixture(scope="module")
def truth(clip: Path) -> list[NDArray[np.uint8]]:
    """Every image as a decoder gives it that reads from the start; RGB."""
    return [bgr[..., ::-1] for bgr in pictures_of(clip)]


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    windows=st.lists(
        st.lists(st.integers(0, PICTURES - 1), min_size=1, max_size=6, unique=True), max_size=4
    )
)
def test_any_window_gives_the_pictures_that_stand_there(
    clip: Path, truth: list[NDArray[np.uint8]], windows: list[list[int]]
) -> None:
    source, of = PictureSource(Clock(FPS, 1e-4)), video(clip)
    for numbers in windows:
        for number, rgb in pictures(source, of, numbers).items():
            assert np.array_equal(rgb, truth[number]), number


class OneStream:
    def __init__(self, container: Any) -> None:
        self._container = container

    def demux(self, stream: Any) -> Any:
        return self._container.demux(self._container.streams.video[0])


class WithoutIndex:
    """A stream of a PyAV that does not show the mp4's own index."""

    def __init__(self, stream: Any) -> None:
        self.codec_context = stream.codec_context


def test_the_index_is_the_same_from_the_head_and_from_the_packets(clip: Path) -> None:
    quick = packet_index.index_of(clip)
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        rows = packet_index._packets(
            cast("Any", OneStream(container)), cast("Any", WithoutIndex(stream))
        )
    found = zip(quick.offset, quick.size, quick.pts, strict=True)
    assert [tuple(row) for row in found] == [row[:3] for row in rows]
    assert quick.key.tolist() == [place for place, row in enumerate(rows) if row[3]]
    assert np.allclose(quick.seconds, np.arange(PICTURES) / FPS, atol=1e-9)


def packets_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Filled with the place of each packet that is read from now on."""
    read: list[int] = []
    packet = random_access._Source.packet

    def counted(self: random_access._Source, place: int) -> object:
        read.append(place)
        return packet(self, place)

    monkeypatch.setattr(random_access._Source, "packet", counted)
    return read


def test_neighbours_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    write(path, *CODINGS["one group"])
    read = packets_read(monkeypatch)
    source, of = PictureSource(Clock(FPS, 1e-4)), video(path)
    pictures(source, of, [12, 10, 11])
    assert read == list(range(13))
    pictures(source, of, [13, 15])  # the decoder stands right before them
    assert read == list(range(16))
    pictures(source, of, [2])
    assert read[16:] == [0, 1, 2]


def test_a_group_that_is_not_asked_for_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    write(path, *CODINGS["as recorded"])
    read = packets_read(monkeypatch)
    pictures(PictureSource(Clock(FPS, 1e-4)), video(path), [3, 30])
    assert read == [2, 3, 30]


def test_videos_of_one_camera_share_a_decoder(tmp_path: Path) -> None:
    source = PictureSource(Clock(FPS, 1e-4))
    for seed in range(3):
        path = tmp_path / f"{seed}.mp4"
        write(path, *CODINGS["as recorded"], seed=seed)
        due = [bgr[..., ::-1] for bgr in pictures_of(path)]
        for number in (0, 39, 17):
            assert np.array_equal(pictures(source, video(path), [number])[number], due[number])
    assert source._kept is not None
    assert len(source._kept._decoders) == 1
    assert len(source._kept._indices) == 3


def test_videos_of_one_size_and_time_are_not_mixed_up(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.mp4" for seed in range(2)]
    for seed, path in enumerate(paths):
        write(path, *CODINGS["as recorded"], seed=seed)
    size = max(path.stat().st_size for path in paths) + 16
    for path in paths:
        rest = size - path.stat().st_size
        with path.open("ab") as file:
            file.write(rest.to_bytes(4, "big") + b"free" + bytes(rest - 8))
        os.utime(path, (1e9, 1e9))
    assert Stamp.of(paths[0].stat()) == Stamp.of(paths[1].stat())
    source = PictureSource(Clock(FPS, 1e-4))
    for path in paths:
        due = [bgr[..., ::-1] for bgr in pictures_of(path)]
        assert np.array_equal(pictures(source, video(path), [9])[9], due[9])


def test_what_is_kept_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random_access, "KEPT_PLACES", 2 * PICTURES)
    monkeypatch.setattr(random_access, "KEPT_DECODERS", 1)
    source = PictureSource(Clock(FPS, 1e-4))
    for seed in range(4):
        path = tmp_path / f"{seed}.mp4"
        write(path, *CODINGS["as recorded"], seed=seed)
        pictures(source, video(path, camera=f"camera {seed}"), [1])
    assert source._kept is not None
    assert (len(source._kept._decoders), len(source._kept._indices)) == (1, 2)


def test_no_file_stays_open(clip: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    pictures(PictureSource(Clock(FPS, 1e-4)), video(clip), [3])
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_child_has_decoders_of_its_own(
    clip: Path, truth: list[NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, of = PictureSource(Clock(FPS, 1e-4)), video(clip)
    pictures(source, of, [3])
    mine = source._kept
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert np.array_equal(pictures(source, of, [7])[7], truth[7])
    assert source._kept is not mine
    assert any(each is mine for each in random_access._INHERITED)


def test_it_goes_through_a_pickle_without_what_is_kept(clip: Path) -> None:
    source, of = PictureSource(Clock(FPS, 1e-4)), video(clip)
    mine = pictures(source, of, [5])[5]
    again = pickle.loads(pickle.dumps(source))
    assert again._kept is None
    assert np.array_equal(pictures(again, of, [5])[5], mine)


def test_a_picture_that_is_not_there_is_named(clip: Path) -> None:
    source = PictureSource(Clock(FPS, 1e-4))
    with pytest.raises(DatasetError, match=r"clip\.mp4 has no image at 1\.3333 s within 0\.0001"):
        source.pictures(video(clip), [PICTURES], lambda number, rgb: None)


def test_pictures_at_other_times_are_not_taken_for_the_due_ones(clip: Path) -> None:
    source = PictureSource(Clock(25, 1e-4))
    with pytest.raises(DatasetError, match=r"no image at 0\.0400 s"):
        source.pictures(video(clip), [1], lambda number, rgb: None)


def test_a_video_that_was_replaced_is_refused(tmp_path: Path) -> None:
    path, other = tmp_path / "clip.mp4", tmp_path / "other.mp4"
    write(path, *CODINGS["as recorded"])
    write(other, *CODINGS["as recorded"], seed=1)
    source, of = PictureSource(Clock(FPS, 1e-4)), video(path)
    pictures(source, of, [3])
    other.replace(path)
    with pytest.raises(DatasetError, match="was changed since the dataset was opened"):
        pictures(source, of, [3])
    path.unlink()
    with pytest.raises(DatasetError, match="cannot be read"):
        pictures(source, of, [3])


def test_a_video_that_is_torn_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write(path, *CODINGS["one group"])
    data = path.read_bytes()
    index = packet_index.index_of(path)
    torn = data
    for place in range(1, PICTURES):
        start, size = int(index.offset[place]), int(index.size[place])
        torn = torn[:start] + b"\xff" * size + torn[start + size :]
    path.write_bytes(torn)
    with pytest.raises(DatasetError, match="does not decode"):
        pictures(PictureSource(Clock(FPS, 1e-4)), video(path), [3])
    path.write_bytes(b"no video")
    with pytest.raises(DatasetError, match="cannot be read as a video"):
        pictures(PictureSource(Clock(FPS, 1e-4)), video(path), [3])
