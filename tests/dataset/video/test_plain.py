from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.dataset.video import FragmentedVideo, PictureMaker, facts_of, pictures_of, remux
from lerecord.errors import DatasetError
from lerecord.frame import Image

CAMERA = CameraSpec("front", 160, 120)

Encode = Callable[[int, int], Path]


@pytest.fixture
def encode(tmp_path: Path) -> Encode:
    def encoded(pictures: int, fps: int) -> Path:
        path = tmp_path / f"staged-{pictures}-{fps}"
        maker = PictureMaker(CAMERA)
        with FragmentedVideo(path, CAMERA, fps, VideoSettings()) as video:
            for number in range(pictures):
                pixels = np.full((120, 160, 3), 90, dtype=np.uint8)
                frame_stamp.draw(pixels, frame_stamp.Stamp(number, 0, 0))
                video.encode(maker.make(Image(pixels, 0.0, number)).frame)
        return path

    return encoded


@pytest.mark.parametrize(
    ("pictures", "fps"), [(1, 30), (2, 30), (3, 7), (2, 60), (25, 24), (31, 30), (9, 120)]
)
def test_a_remuxed_video_is_exact(encode: Encode, tmp_path: Path, pictures: int, fps: int) -> None:
    target = tmp_path / "plain"
    assert remux(encode(pictures, fps), target, fps) == pictures
    facts = facts_of(target)
    assert facts.times == tuple(Fraction(row, fps) for row in range(pictures))
    assert facts.rate == fps
    assert (facts.width, facts.height, facts.codec) == (160, 120, "h264")
    assert (facts.pixel_format, facts.audio) == ("yuv420p", False)
    with av.open(str(target), format="mp4") as container:
        stream = container.streams.video[0]
        assert (stream.base_rate, stream.average_rate) == (Fraction(fps), Fraction(fps))
        assert stream.frames == pictures
        assert stream.duration is not None
        assert stream.time_base is not None
        assert stream.duration * stream.time_base == Fraction(pictures, fps)
        assert not stream.codec_context.has_b_frames


def test_a_remuxed_video_has_one_moov_in_front(encode: Encode, tmp_path: Path) -> None:
    staged = encode(20, 30)
    remux(staged, tmp_path / "plain", 30)
    before, after = staged.read_bytes(), (tmp_path / "plain").read_bytes()
    assert before.count(b"moof") > 5
    assert after.count(b"moof") == 0
    assert after.count(b"moov") == 1
    assert after.index(b"moov") < after.index(b"mdat")


def test_no_picture_is_coded_again(encode: Encode, tmp_path: Path) -> None:
    staged = encode(20, 30)
    remux(staged, tmp_path / "plain", 30)
    pairs = zip(pictures_of(staged), pictures_of(tmp_path / "plain"), strict=True)
    assert all(np.array_equal(left, right) for left, right in pairs)


def test_the_first_pictures_can_be_taken(encode: Encode, tmp_path: Path) -> None:
    assert remux(encode(20, 30), tmp_path / "plain", 30, pictures=7) == 7
    stamps = [frame_stamp.read(each) for each in pictures_of(tmp_path / "plain")]
    assert [stamp.counter for stamp in stamps if stamp is not None] == list(range(7))
    assert facts_of(tmp_path / "plain").times[-1] == Fraction(6, 30)


def test_what_is_no_video_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"no video " * 40)
    for path in (tmp_path / "text", tmp_path / "missing"):
        with pytest.raises(DatasetError, match="cannot be read as a video"):
            facts_of(path)
        with pytest.raises(DatasetError, match="cannot be read as a video"):
            remux(path, tmp_path / "plain", 30)
