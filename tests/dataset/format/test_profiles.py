from pathlib import Path
from typing import get_args

import av
import numpy as np
import pytest

from lerecord.config import VideoConfig
from lerecord.dataset.format import CameraSpec, VideoSettings, profile_of, settings_of
from lerecord.dataset.format.video_settings import PROFILES, Profile
from lerecord.dataset.video import FragmentedVideo, probe, yuv_of
from lerecord.errors import ConfigError


def test_a_config_knows_every_profile() -> None:
    assert set(get_args(Profile)) == set(PROFILES)
    assert set(get_args(VideoConfig.model_fields["profile"].annotation)) == set(PROFILES)
    assert settings_of(**VideoConfig().model_dump()) == VideoSettings()


@pytest.mark.parametrize("name", get_args(Profile))
def test_every_profile_opens(name: Profile) -> None:
    assert profile_of(name) == settings_of(name)
    probe(CameraSpec("front", 160, 120), 30, PROFILES[name])


def test_what_is_given_comes_in_the_place_of_the_profiles_own() -> None:
    assert settings_of("fast", crf=30) == VideoSettings("h264", "ultrafast", 30, 2)
    assert settings_of("fast", preset="medium", gop=5) == VideoSettings(
        "h264", "medium", gop=5, qp=25
    )
    assert settings_of("archive", crf=0).quality == ("crf", 0)
    assert settings_of("archive", qp=20).quality == ("qp", 20)


def test_another_codec_comes_with_its_own_values() -> None:
    assert settings_of("fast", codec="av1") == VideoSettings("av1")
    assert settings_of("archive", codec="h264", crf=18) == VideoSettings("h264", crf=18)
    assert settings_of("archive", codec="av1") == PROFILES["archive"]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match="'best' is unknown; known are default, fast, archive"):
        profile_of("best")


@pytest.mark.parametrize("name", get_args(Profile))
def test_no_picture_leaves_out_a_small_change(name: Profile, tmp_path: Path) -> None:
    size, levels = (96, 64), range(60, 100, 2)
    with FragmentedVideo(
        tmp_path / "video", CameraSpec("front", *size), 30, PROFILES[name]
    ) as video:
        for level in levels:
            video.encode(yuv_of(np.full((*size[::-1], 3), level, dtype=np.uint8)))
    with av.open(str(tmp_path / "video"), format="mp4") as container:
        shown = [frame.to_ndarray(format="bgr24").mean() for frame in container.decode(video=0)]
    assert len(shown) == len(levels)
    assert np.abs(np.subtract(shown, levels)).max() < 1.5  # the next image is 2 brighter
