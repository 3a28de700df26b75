"""Video settings by a name that says what they are for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from lerecord.dataset.spec import Codec, VideoSettings
from lerecord.errors import ConfigError

Profile = Literal["default", "fast", "archive"]

PROFILES: Mapping[Profile, VideoSettings] = {
    "default": VideoSettings(),
    "fast": VideoSettings("h264", qp=25),
    "archive": VideoSettings("av1", preset="6", crf=24, gop=8),
}
"""What they cost and give is measured in docs/decisions/0006-video-encoder.md."""


def profile_of(name: str) -> VideoSettings:
    """The settings of a profile.

    Raises:
        ConfigError: there is none of that name.
    """
    for known, settings in PROFILES.items():
        if known == name:
            return settings
    raise ConfigError(f"The profile {name!r} is not known; known are {', '.join(PROFILES)}.")


def settings_of(
    profile: Profile,
    codec: Codec | None = None,
    preset: str | None = None,
    crf: int | None = None,
    qp: int | None = None,
    gop: int | None = None,
) -> VideoSettings:
    """The settings of a profile, with those that are given in the place of its own.

    A codec that is not the profile's comes with its own recommended values instead: no value of one
    encoder means the same to another. A preset comes with its own options.
    """
    settings = PROFILES[profile]
    if codec is not None and codec != settings.codec:
        settings = VideoSettings(codec)
    given: dict[str, Any] = {"preset": preset, "crf": crf, "qp": qp, "gop": gop}
    given = {name: each for name, each in given.items() if each is not None}
    if "crf" in given or "qp" in given:
        given = {"crf": None, "qp": None} | given
    if given.get("preset", settings.preset) != settings.preset:
        given["options"] = None
    return replace(settings, **given)
