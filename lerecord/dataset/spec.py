"""What a dataset is recorded with: rig, joints, cameras, encoder. Light: imported by every process.

The features and their order are LeRobot v2.1's (`meta/info.json`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self

from lerecord.errors import ConfigError

Codec = Literal["h264", "av1"]
IMAGE_PREFIX = "observation.images."
VECTORS = ("action", "observation.state")
DEFAULT_FEATURES = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
_CAMERA_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera of a dataset.

    Attributes:
        name: letters, digits, `_` and `-`.
        width: pixels of the recorded picture, after rotation; even, as yuv420p needs.
        height: likewise.

    Raises:
        ConfigError: the name is no plain word or a side is odd.
    """

    name: str
    width: int
    height: int

    def __post_init__(self) -> None:
        if not _CAMERA_NAME.fullmatch(self.name):
            raise ConfigError(
                f"The camera name {self.name!r} cannot name a folder; use letters, digits, _ and -."
            )
        if self.width <= 0 or self.height <= 0 or self.width % 2 or self.height % 2:
            raise ConfigError(
                f"Camera {self.name} is {self.width}x{self.height}; "
                f"video needs an even width and height."
            )

    @property
    def key(self) -> str:
        """The name of its feature."""
        return IMAGE_PREFIX + self.name


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


# Key pictures as good as the others, for a policy is trained on each alike; and small changes are
# kept: where x264 takes them for nothing, a row shows the picture of the row before.
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
    """How pictures are encoded. What is not given becomes the codec's recommended value.

    Attributes:
        codec: as info.json says it.
        preset: the encoder's own name of its speed.
        crf: lower is better; complex pictures are kept with less detail than simple ones.
        gop: pictures from key picture to key picture; 2 makes random access cheap.
        options: further options of the encoder, as pairs.
        qp: lower is better; every picture is kept alike. In the place of crf.

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
        """The same for a take: the encoder keeps no picture back, which a kill would lose.

        SVT-AV1 looks up to 90 pictures ahead otherwise, and makes files smaller by it.
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


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What every episode of a dataset has in common.

    Attributes:
        robot_type: as in info.json.
        fps: rows a second.
        units: of states and actions, as in the hardware config.
        joints: their names in the order of the vectors, such as `shoulder_pan.pos`.
        cameras: in the order of the features.
        video: how pictures are encoded; no part of the identity.
        hardware: JSON-able: `config`, `identity`, `calibration` and `simulated` of the rig.
    """

    robot_type: str
    fps: int
    units: str
    joints: tuple[str, ...]
    cameras: tuple[CameraSpec, ...]
    video: VideoSettings = VideoSettings()
    hardware: Mapping[str, Any] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """True when the rig is said to be simulated: its pictures carry the strip."""
        return bool(self.hardware.get("simulated", False))

    def camera(self, name: str) -> CameraSpec:
        """The camera of that name.

        Raises:
            KeyError: there is none.
        """
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise KeyError(name)

    def features(self) -> dict[str, dict[str, Any]]:
        """The `features` of info.json, in LeRobot's order."""
        features: dict[str, dict[str, Any]] = {
            key: {"dtype": "float32", "shape": [len(self.joints)], "names": list(self.joints)}
            for key in VECTORS
        }
        features |= {camera.key: self._video_feature(camera) for camera in self.cameras}
        features |= {
            key: {"dtype": dtype, "shape": [1], "names": None}
            for key, dtype in DEFAULT_FEATURES.items()
        }
        return features

    def _video_feature(self, camera: CameraSpec) -> dict[str, Any]:
        return {
            "dtype": "video",
            "shape": [camera.height, camera.width, 3],
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": camera.height,
                "video.width": camera.width,
                "video.codec": self.video.codec,
                "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False,
                "video.fps": self.fps,
                "video.channels": 3,
                "has_audio": False,
            },
        }

    def to_json(self) -> str:
        """One line of JSON, for another process or a file."""
        return json.dumps(
            {
                "robot_type": self.robot_type,
                "fps": self.fps,
                "units": self.units,
                "joints": self.joints,
                "cameras": [asdict(each) for each in self.cameras],
                "video": video_to_data(self.video),
                "hardware": dict(self.hardware),
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The spec that `to_json` wrote."""
        data = json.loads(text)
        return cls(
            robot_type=data["robot_type"],
            fps=data["fps"],
            units=data["units"],
            joints=tuple(data["joints"]),
            cameras=tuple(CameraSpec(**each) for each in data["cameras"]),
            video=video_from_data(data["video"]),
            hardware=data["hardware"],
        )


def video_to_data(video: VideoSettings) -> dict[str, Any]:
    """The settings as JSON-able data."""
    return asdict(video)


def video_from_data(data: Mapping[str, Any]) -> VideoSettings:
    """The settings that `video_to_data` gave."""
    return VideoSettings(**data)


def differences(mine: DatasetSpec, theirs: DatasetSpec) -> list[str]:
    """What makes `mine`, the rig at hand, another rig than `theirs`, the dataset's.

    Compared are robot type, fps, units, joints, cameras and everything below
    `hardware["identity"]`; ports, video settings and calibration are no identity.
    """
    return _compared(_identity(mine), _identity(theirs))


def calibration_differences(mine: DatasetSpec, theirs: DatasetSpec) -> list[str]:
    """The calibration values in which the rig at hand differs from the dataset's."""
    here, there = (spec.hardware.get("calibration") for spec in (mine, theirs))
    return _compared({"calibration": here}, {"calibration": there})


def _identity(spec: DatasetSpec) -> dict[str, Any]:
    facts = {
        "robot type": spec.robot_type,
        "fps": spec.fps,
        "units": spec.units,
        "joints": list(spec.joints),
        "cameras": {each.name: f"{each.width}x{each.height}" for each in spec.cameras},
        "camera order": [each.name for each in spec.cameras],
        "simulated": spec.simulated,
    }
    # Through JSON, so that tuples and lists, or 1 and 1.0, do not differ only in Python's eyes.
    identity = json.loads(json.dumps(spec.hardware.get("identity", {})))
    return {**facts, **{name: value for name, value in identity.items() if name not in facts}}


def _compared(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    return [
        f"{path} is {_shown(here)} here and {_shown(there)} in the dataset"
        for path, here, there in _unequal("", mine, theirs)
    ]


def _unequal(path: str, here: Any, there: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in {**there, **here}:
            inner = f"{path}.{key}" if path else str(key)
            yield from _unequal(inner, here.get(key, _ABSENT), there.get(key, _ABSENT))
    elif here != there:
        yield path, here, there


_ABSENT = object()


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
