"""How images are encoded, and what each encoder takes for it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self, get_args

from lerecord.errors import ConfigError

Codec = Literal["h264", "av1"]


_Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Encoder:
    name: str
    preset: str
    qp: int | None = None
    crf: int | None = None
    options: _Options = ()
    of_preset: Mapping[str, _Options] = field(default_factory=dict)
    live: _Options = ()

    def options_of(self, preset: str) -> _Options:
        """The recommended options, those of the preset in the place of the others."""
        return tuple({**dict(self.options), **dict(self.of_preset.get(preset, ()))}.items())


# Keyframes as good as the others, for a policy is trained on each alike; and small changes are
# kept: where x264 takes them for nothing, a frame shows the image of the frame before.
_EACH_PICTURE_COUNTS = "ipratio=1:no-fast-pskip=1:no-dct-decimate=1"


_ENCODERS: dict[str, _Encoder] = {
    "h264": _Encoder(
        "libx264",
        "ultrafast",
        qp=22,
        options=(
            ("tune", "zerolatency"),
            ("x264-params", f"cabac=0:no-deblock=1:{_EACH_PICTURE_COUNTS}"),
        ),
        of_preset={"ultrafast": (("x264-params", f"8x8dct=1:{_EACH_PICTURE_COUNTS}"),)},
    ),
    "av1": _Encoder("libsvtav1", "12", crf=30, live=(("svtav1-params", "pred-struct=1"),)),
}


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How images are encoded. What is not given becomes the codec's recommended value.

    Attributes:
        codec: as info.json says it.
        preset: the encoder's own name of its speed.
        crf: lower is better; complex images are kept with less detail than simple ones.
        gop: images from keyframe to keyframe; 2 makes random access cheap.
        options: further options of the encoder, as pairs.
        qp: lower is better; every image is kept alike. In the place of crf.

    Raises:
        ConfigError: the codec is not known, or both crf and qp are given.
    """

    codec: Codec = "h264"
    preset: str = ""
    crf: int | None = None
    gop: int = 2
    options: _Options | None = None
    qp: int | None = None

    def __post_init__(self) -> None:
        if self.codec not in _ENCODERS:
            raise ConfigError(
                f"The video codec {self.codec!r} is not known; known are {', '.join(_ENCODERS)}."
            )
        best = _ENCODERS[self.codec]
        object.__setattr__(self, "preset", self.preset or best.preset)
        options = best.options_of(self.preset) if self.options is None else self.options
        if self.crf is not None and self.qp is not None:
            raise ConfigError(f"The video has a crf of {self.crf} and a qp of {self.qp}; give one.")
        if self.crf is None and self.qp is None:
            object.__setattr__(self, "crf", best.crf)
            object.__setattr__(self, "qp", best.qp)
        # Pairs come back from JSON as lists.
        object.__setattr__(self, "options", tuple((str(k), str(v)) for k, v in options))

    @property
    def quality(self) -> tuple[str, int]:
        """The encoder's option for it, and its value."""
        if self.crf is not None:
            return "crf", self.crf
        assert self.qp is not None
        return "qp", self.qp

    @property
    def encoder(self) -> str:
        """FFmpeg's name of the encoder."""
        return _ENCODERS[self.codec].name

    def live(self) -> Self:
        """The same for a take: the encoder keeps no image back, which a kill would lose.

        SVT-AV1 looks up to 90 images ahead otherwise, and makes files smaller by it.
        """
        return replace(self, options=(*(self.options or ()), *_ENCODERS[self.codec].live))

    def encoder_options(self) -> dict[str, str]:
        """Everything the encoder is opened with; no B-frames, for exact seeking everywhere."""
        name, value = self.quality
        return {
            "preset": self.preset,
            name: str(value),
            "g": str(self.gop),
            "bf": "0",
            **dict(self.options or ()),
        }


def video_to_data(video: VideoSettings) -> dict[str, Any]:
    """The settings as JSON-able data."""
    return asdict(video)


def video_from_data(data: Mapping[str, Any]) -> VideoSettings:
    """The settings that `video_to_data` gave."""
    return VideoSettings(**data)


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
    raise ConfigError(f"The profile {name!r} is unknown; known are {', '.join(PROFILES)}.")


def settings_for(codec: str | None) -> VideoSettings | None:
    """The recommended settings of a codec; None when lerecord does not encode it."""
    return next((VideoSettings(each) for each in get_args(Codec) if each == codec), None)


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
