"""meta/info.json, typed: what LeRobot v2.1 wants to the byte."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from lerecord.dataset.format import layout, layout_v30
from lerecord.dataset.format.feature import Feature, features_from
from lerecord.dataset.format.fields import Fields, is_number, require_flat, shown
from lerecord.dataset.format.spec import DEFAULT_FEATURES, IMAGE_PREFIX, CameraSpec, DatasetSpec
from lerecord.errors import DatasetError

CODEBASE_VERSION = "v2.1"
V20 = "v2.0"


MAX_FPS = 10_000
_PLACES = ("chunks_size", "data_path", "video_path")


class DatasetVersionError(DatasetError):
    """A dataset is of another version than the one that lerecord writes.

    Attributes:
        version: that info.json says; may be anything.
    """

    def __init__(self, version: object, sentence: str) -> None:
        super().__init__(sentence)
        self.version = version


@dataclass(frozen=True, slots=True)
class Info:
    """meta/info.json.

    Attributes:
        robot_type: of the rig; None when nobody said it.
        fps: frames a second.
        features: by name, in their order.
        episodes: committed ones.
        frames: of all of them.
        tasks: different ones.
        extra: keys that are not LeRobot's, kept as they were found.
        found: the whole file as it was read; empty of a new one.
    """

    robot_type: str | None
    fps: int
    features: Mapping[str, Feature]
    episodes: int = 0
    frames: int = 0
    tasks: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, spec: DatasetSpec) -> Self:
        """Of a dataset without episodes."""
        features = features_from(Fields(spec.features(), f"{layout.INFO}, features"))
        return cls(spec.robot_type, spec.fps, features)

    @property
    def videos(self) -> list[Feature]:
        """The features whose images lie in videos."""
        return [each for each in self.features.values() if each.is_video]

    @property
    def camera_keys(self) -> list[str]:
        """The names of those."""
        return [each.key for each in self.videos]

    @property
    def columns(self) -> list[Feature]:
        """The features that lie in the frames."""
        return [each for each in self.features.values() if not each.is_video]

    @property
    def codecs(self) -> dict[str, str]:
        """The codec of each feature that is a video and says it."""
        codecs = {each.key: each.video.codec for each in self.videos}
        return {key: codec for key, codec in codecs.items() if codec is not None}

    def with_codecs(self, codecs: Mapping[str, str]) -> Self:
        """With other codecs of its videos."""
        changed = {key: self.features[key].with_codec(codec) for key, codec in codecs.items()}
        return replace(self, features={**self.features, **changed})

    @property
    def chunks(self) -> int:
        """Chunks that the episodes take."""
        return -(-self.episodes // layout.CHUNK_SIZE)

    def appended(self, frames: int, tasks: int) -> Self:
        """With one more episode of `frames` frames, and `tasks` tasks then."""
        return replace(self, episodes=self.episodes + 1, frames=self.frames + frames, tasks=tasks)

    def features_data(self) -> dict[str, Mapping[str, Any]]:
        """The features as they stand in info.json."""
        return {key: each.data for key, each in self.features.items()}

    def to_data(self) -> dict[str, Any]:
        """The keys in LeRobot's order."""
        return {
            "codebase_version": CODEBASE_VERSION,
            "robot_type": self.robot_type,
            "total_episodes": self.episodes,
            "total_frames": self.frames,
            "total_tasks": self.tasks,
            "total_videos": self.episodes * len(self.videos),
            "total_chunks": self.chunks,
            "chunks_size": layout.CHUNK_SIZE,
            "fps": self.fps,
            "splits": {"train": f"0:{self.episodes}"},
            "data_path": layout.DATA_PATH,
            # LeRobot says null where there is no video.
            "video_path": self.found.get("video_path", layout.VIDEO_PATH),
            "features": self.features_data(),
            **self.extra,
        }

    def to_bytes(self) -> bytes:
        """The file."""
        return json.dumps(self.to_data(), indent=4, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes, root: Path | None = None) -> Self:
        """From the file.

        Args:
            data: its content.
            root: the dataset's folder, for a refusal to name it.

        Raises:
            DatasetError: it is no info.json of v2.1 in LeRobot's places; file and field are named.
        """
        fields = Fields.parsed(data, layout.INFO if root is None else str(root / layout.INFO))
        version = fields.get("codebase_version")
        if version != CODEBASE_VERSION:
            raise DatasetVersionError(version, _other_version(version, root, fields.place))
        info = cls.from_fields(fields)
        known = info.to_data()
        due = known | {"video_path": layout.VIDEO_PATH}
        for key in _PLACES:
            without = key == "video_path" and not info.videos and fields.get(key) is None
            if not without and fields.required(key) != due[key]:
                raise DatasetError(
                    f"{fields.place} has {key} {shown(fields.get(key))}, and lerecord reads "
                    f"{shown(due[key])} only; use LeRobot for this dataset."
                )
        extra = {key: value for key, value in fields.values.items() if key not in known}
        return replace(info, extra=extra)

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """What v2.1 and v3.0 say alike.

        Raises:
            DatasetError: a field is missing, or of another kind or size; it is named.
        """
        require_flat(fields.values, fields.place)
        features = features_from(fields.object("features"))
        _require_default_features(fields, features)
        return cls(
            robot_type=None if fields.get("robot_type") is None else fields.text("robot_type"),
            fps=_fps(fields),
            features=features,
            episodes=fields.count("total_episodes"),
            frames=fields.count("total_frames"),
            tasks=fields.count("total_tasks"),
            found=fields.values,
        )


def _require_default_features(fields: Fields, features: Mapping[str, Feature]) -> None:
    """LeRobot adds them to every dataset, and places and times of frames are read from them."""
    place = f"{fields.place}, features"
    for key in DEFAULT_FEATURES:
        if key not in features:
            raise DatasetError(f"{place} lacks {key!r}; restore the file from a copy.")
        feature = features[key]
        if feature.shape != (1,) or not feature.is_vector:
            raise DatasetError(
                f"{place} has {key} as {shown(feature.dtype)} of shape {list(feature.shape)} where "
                f"one number is expected; restore the file from a copy."
            )


def _fps(fields: Fields) -> int:
    value = fields.required("fps")
    if is_number(value) and value != int(value) and 0 < value < MAX_FPS:
        raise DatasetError(
            f"{fields.place} has fps {shown(value)}, and lerecord works with whole numbers of "
            f"frames a second; use LeRobot for this dataset."
        )
    return fields.count("fps", 1, MAX_FPS)


def _other_version(version: Any, root: Path | None, place: str) -> str:
    """Why a dataset of another version is not read, and what to do about it."""
    if version == layout_v30.CODEBASE_VERSION:
        source = "DATASET" if root is None else str(root.absolute())
        command = shlex.join(["lerecord", "import", source, f"{source}_v2.1"])
        return (
            f"The dataset is of version {version}, which lerecord only reads; `{command}` makes a "
            f"{CODEBASE_VERSION} copy that can be changed."
        )
    if version == V20:
        return (
            f"The dataset is of version {V20}, and lerecord works on {CODEBASE_VERSION}; convert "
            f"it with LeRobot 0.3.3's lerobot.datasets.v21.convert_dataset_v20_to_v21."
        )
    return (
        f"{place} has codebase_version {shown(version)} where {CODEBASE_VERSION} is "
        f"expected; convert the dataset with LeRobot."
    )


def cameras_of(info: Info) -> tuple[CameraSpec, ...]:
    """The cameras of a dataset, from its features.

    Raises:
        ConfigError, DatasetError: one has a name or a size that lerecord does not record.
    """
    return tuple(
        CameraSpec(each.key.removeprefix(IMAGE_PREFIX), *each.size) for each in info.videos
    )
