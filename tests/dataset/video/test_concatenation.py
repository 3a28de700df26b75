from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lerecord.dataset.video import Clip, concatenate, facts_of, header_of, pictures_of
from lerecord.errors import DatasetError

FPS = 30
OPTIONS = {
    "as recorded": {"g": "2", "bf": "0", "tune": "zerolatency"},
    "B-frames": {"g": "12", "bf": "3"},
}


def write(path: Path, pictures: int, options: dict[str, str], seed: int = 0) -> Path:
    shades = np.random.default_rng(seed).integers(0, 256, (pictures, 4, 5, 3), dtype=np.uint8)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = 80, 64, "yuv420p"
        for shade in shades:
            pixels = shade.repeat(16, axis=0).repeat(16, axis=1)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_pictures_stand_one_behind_the_other_at_exact_times(
    tmp_path: Path, options: dict[str, str]
) -> None:
    lengths = (5, 1, 14)
    clips = [
        Clip(write(tmp_path / f"{seed}.mp4", length, options, seed), length)
        for seed, length in enumerate(lengths)
    ]
    assert len({header_of(clip.path) for clip in clips}) == 1
    target = tmp_path / "all.mp4"
    concatenate(clips, target, FPS)
    assert facts_of(target).times == tuple(Fraction(each, FPS) for each in range(sum(lengths)))
    due = [picture for clip in clips for picture in pictures_of(clip.path)]
    found = list(pictures_of(target))
    assert len(found) == len(due)
    assert all(np.array_equal(left, right) for left, right in zip(found, due, strict=True))
    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_other_settings_are_another_header(tmp_path: Path) -> None:
    plain = write(tmp_path / "a.mp4", 3, OPTIONS["as recorded"])
    other = write(tmp_path / "b.mp4", 3, OPTIONS["B-frames"])
    assert header_of(plain) != header_of(other)


def test_a_clip_that_is_short_or_no_video_is_refused(tmp_path: Path) -> None:
    short = Clip(write(tmp_path / "a.mp4", 3, OPTIONS["as recorded"]), 4)
    with pytest.raises(DatasetError, match=r"a\.mp4 has 3 images instead of 4"):
        concatenate([short], tmp_path / "all.mp4", FPS)
    text = tmp_path / "b.mp4"
    text.write_text("no video")
    with pytest.raises(DatasetError, match="cannot be read as a video"):
        header_of(text)
