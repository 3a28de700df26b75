from typing import get_args

import pytest

from lerecord.config import VideoConfig
from lerecord.dataset.profiles import PROFILES, Profile, profile_of, settings_of
from lerecord.dataset.spec import CameraSpec, VideoSettings
from lerecord.dataset.track import probe
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
    assert settings_of("fast", preset="medium", gop=5) == VideoSettings("h264", "medium", 22, 5)
    assert settings_of("archive", crf=0).crf == 0


def test_another_codec_comes_with_its_own_values() -> None:
    assert settings_of("fast", codec="av1") == VideoSettings("av1")
    assert settings_of("archive", codec="h264", crf=18) == VideoSettings("h264", crf=18)
    assert settings_of("archive", codec="av1") == PROFILES["archive"]


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ConfigError, match="'best' is not known; known are default, fast, archive"):
        profile_of("best")
