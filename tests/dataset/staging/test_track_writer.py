import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec, TakeFolder, VideoSettings
from lerecord.dataset.format.video_settings import PROFILES, Profile
from lerecord.dataset.staging import TrackWriter, whole_video
from lerecord.dataset.staging.capture_journal import load_track
from lerecord.dataset.video import FragmentedVideo, facts_of, pictures_of, probe
from lerecord.dataset.video import image as pictures
from lerecord.errors import ConfigError, DeviceError
from lerecord.frame import Image
from lerecord.jpeg import decode

CAMERA = CameraSpec("front", 160, 120)


def pixels(number: int) -> NDArray[np.uint8]:
    scene = np.full((120, 160, 3), 40, dtype=np.uint8)
    scene[40:80, 4 * number % 120 : 4 * number % 120 + 30] = (200, 120, 60)
    frame_stamp.draw(scene, frame_stamp.Stamp(number, 0, 0))
    return scene


def jpeg(number: int) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels(number), [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


def image(number: int) -> Image:
    return Image(jpeg(number), 10.0 + number / 30, number)


def counters(path: Path) -> list[int | None]:
    stamps = [frame_stamp.read(each) for each in pictures_of(path)]
    return [None if stamp is None else stamp.counter for stamp in stamps]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_every_row_has_its_picture(tmp_path: Path) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    for number in range(25):
        track.add(image(number))
    summary = track.finish()
    assert summary.rows == 25
    assert counters(tmp_path / "front.video") == list(range(25))
    assert summary.sequence.tolist() == list(range(25))
    assert summary.captured_at.tolist() == [10.0 + number / 30 for number in range(25)]
    assert not summary.repeated.any()
    assert not summary.corrupt.any()
    again = load_track(tmp_path, CAMERA)
    assert np.array_equal(again.histogram, summary.histogram)


def test_an_image_given_again_is_encoded_and_counted_but_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []

    def counted(data: bytes, most_pixels: int) -> NDArray[np.uint8]:
        decoded.append(data)
        return decode(data, most_pixels)

    monkeypatch.setattr(pictures, "decode", counted)
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    first, second = image(0), image(1)
    for each in (first, first, second, image(1), second, image(2)):  # image(1): an equal one
        track.add(each)
    summary = track.finish()
    assert len(decoded) == 3
    assert counters(tmp_path / "front.video") == [0, 0, 1, 1, 1, 2]
    assert summary.repeated.tolist() == [False, True, False, True, True, False]
    shown = [decode(jpeg(number)) for number in (0, 0, 1, 1, 1, 2)]
    assert np.array_equal(summary.histogram, sum(pictures.histogram_of(each) for each in shown))


def test_a_corrupt_image_shows_the_one_before_it(tmp_path: Path) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    torn = Image(jpeg(1)[:-300], 10.5, 1)
    for each in (image(0), torn, torn, image(2)):
        track.add(each)
    summary = track.finish()
    assert counters(tmp_path / "front.video") == [0, 0, 0, 2]
    assert summary.corrupt.tolist() == [False, True, True, False]
    assert summary.repeated.tolist() == [False, True, True, False]
    assert summary.sequence.tolist() == [0, 0, 0, 2]
    assert summary.captured_at.tolist()[:3] == [10.0] * 3


@pytest.mark.parametrize("as_pixels", [False, True])
def test_a_new_image_that_is_the_old_one_again_is_told_from_a_repeat(
    tmp_path: Path, as_pixels: bool
) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    shown = (0, 0, 0, 1, 1, 2)
    for sequence, number in zip((0, 1, 1, 2, 3, 4), shown, strict=True):
        data = Image(pixels(number) if as_pixels else jpeg(number), 10.0 + sequence / 30, sequence)
        track.add(data)
    summary = track.finish()
    assert summary.unchanged is not None
    assert summary.unchanged.tolist() == [False, True, False, False, True, False]
    assert summary.repeated.tolist() == [False, False, True, False, False, False]
    assert summary.sequence.tolist() == [0, 1, 1, 2, 3, 4]
    assert counters(tmp_path / "front.video") == list(shown)


def test_blank_images_are_marked(tmp_path: Path) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    black = np.zeros((120, 160, 3), np.uint8)
    for number, data in enumerate((pixels(0), black, black, pixels(1))):
        track.add(Image(data, 10.0 + number / 30, number))
    blank = track.finish().blank
    assert blank is not None
    assert blank.tolist() == [False, True, True, False]


def announcing(data: bytes, width: int, height: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + height.to_bytes(2) + width.to_bytes(2) + data[at + 4 :]


def test_an_image_whose_header_announces_gigabytes_is_corrupt_and_not_decoded(
    tmp_path: Path,
) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    for number in range(4):
        data = announcing(jpeg(1), 65500, 65500) if number == 1 else jpeg(number)
        track.add(Image(data, 10.0 + number / 30, number))
    assert track.finish().corrupt.tolist() == [False, True, False, False]
    assert counters(tmp_path / "front.video") == [0, 0, 2, 3]


def test_a_corrupt_first_image_is_refused(tmp_path: Path) -> None:
    with TrackWriter(tmp_path, CAMERA, 30, VideoSettings()) as track:
        with pytest.raises(DeviceError, match="The first image of camera front cannot be used"):
            track.add(Image(b"torn", 0.0, 0))
        assert track.rows == 0


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    with (
        TrackWriter(tmp_path, CAMERA, 30, VideoSettings(), rotation=90) as track,
        pytest.raises(DeviceError, match="120x160 where the dataset records 160x120"),
    ):
        track.add(image(0))


def test_files_are_synced_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    synced: list[float] = []
    monkeypatch.setattr(FragmentedVideo, "sync", lambda self: synced.append(clock.seconds))
    with TrackWriter(tmp_path, CAMERA, 30, VideoSettings(), now=clock) as track:
        for number in range(75):
            clock.seconds = number / 30
            track.add(image(number))
        assert synced == [1.0, 2.0]
        assert load_track(tmp_path, CAMERA).histogram_rows == 61


def test_an_aborted_track_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "take"
    folder.mkdir()
    track = TrackWriter(folder, CAMERA, 30, VideoSettings())
    track.add(image(0))
    track.abort()
    assert not folder.exists()


def test_aborting_one_camera_leaves_the_others(tmp_path: Path) -> None:
    other = TrackWriter(tmp_path, CameraSpec("wrist", 160, 120), 30, VideoSettings())
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    track.abort()
    other.add(image(0))
    other.finish()
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "wrist.capture",
        "wrist.histogram",
        "wrist.look",
        "wrist.video",
    ]


def test_a_track_is_never_written_over(tmp_path: Path) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    track.add(image(0))
    track.add(image(1))
    track.finish()
    with pytest.raises(FileExistsError):
        TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    assert counters(tmp_path / "front.video") == [0, 1]


def test_no_file_looks_like_data(tmp_path: Path) -> None:
    TrackWriter(tmp_path, CAMERA, 30, VideoSettings()).close()
    names = [each.name for each in tmp_path.iterdir()]
    assert names
    assert not [name for name in names if name.endswith((".mp4", ".parquet"))]


_KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from test_track_writer import CAMERA, PROFILES, TrackWriter, image
track = TrackWriter(Path(sys.argv[1]), CAMERA, 30, PROFILES[sys.argv[3]])
for number in range(41):
    track.add(image(number))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("profile", list(PROFILES))
def test_what_was_encoded_survives_a_kill(tmp_path: Path, profile: Profile) -> None:
    place = str(Path(__file__).parent)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path), place, profile], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert load_track(tmp_path, CAMERA).rows == 41
    kept = counters(TakeFolder(tmp_path).video("front"))
    assert kept == list(range(len(kept)))
    assert len(kept) >= 41 - PROFILES[profile].gop  # the last group may be open


@pytest.mark.parametrize("profile", list(PROFILES))
def test_what_was_known_of_a_growing_video_holds_to_its_end(
    tmp_path: Path, profile: Profile
) -> None:
    """The muxer never goes back to change what it has written."""
    with TrackWriter(tmp_path, CAMERA, 30, PROFILES[profile]) as track:
        for number in range(25):
            track.add(image(number))
            whole = whole_video(tmp_path, CAMERA)
            assert number + 1 - PROFILES[profile].gop <= whole.images <= number
    assert whole_video(tmp_path, CAMERA).images == 25


def test_av1_encodes_every_picture(tmp_path: Path) -> None:
    track = TrackWriter(tmp_path, CAMERA, 30, VideoSettings("av1"))
    for number in range(12):
        track.add(image(number))
    assert track.finish().rows == 12
    facts = facts_of(tmp_path / "front.video")
    assert (facts.codec, len(facts.times)) == ("av1", 12)


@pytest.mark.parametrize("codec", ["h264", "av1"])
def test_an_available_encoder_can_be_probed(codec: str) -> None:
    probe(CAMERA, 30, VideoSettings(codec))  # type: ignore[arg-type]


def test_an_encoder_that_does_not_open_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="libx264 does not work with preset warp, qp 22"):
        probe(CAMERA, 30, VideoSettings(preset="warp"))
    monkeypatch.setattr(VideoSettings, "encoder", property(lambda self: "libnone"))
    with pytest.raises(ConfigError, match="The encoder libnone does not work"):
        TrackWriter(tmp_path, CAMERA, 30, VideoSettings())
    assert list(tmp_path.iterdir()) == []
