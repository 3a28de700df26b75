"""The files below meta/, typed: what LeRobot v2.1 wants to the byte, and the rig beside it."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from lerecord.dataset import layout, stats
from lerecord.dataset.feature import Feature, features_from
from lerecord.dataset.fields import Fields, is_number, require_flat, shown
from lerecord.dataset.spec import (
    IMAGE_PREFIX,
    CameraSpec,
    DatasetSpec,
    VideoSettings,
    video_from_data,
    video_to_data,
)
from lerecord.dataset.stats import Stats
from lerecord.errors import DatasetError

CODEBASE_VERSION = "v2.1"
V20 = "v2.0"
V30 = "v3.0"


MAX_FPS = 10_000
_PLACES = ("chunks_size", "data_path", "video_path")


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
        """The features that lie in the rows."""
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
            root: the dataset's folder, for the command that a refusal recommends.

        Raises:
            DatasetError: it is no info.json of v2.1 in LeRobot's places; file and field are named.
        """
        fields = Fields.parsed(data, layout.INFO)
        version = fields.get("codebase_version")
        if version != CODEBASE_VERSION:
            raise DatasetError(_other_version(version, root))
        info = cls.from_fields(fields)
        known = info.to_data()
        due = known | {"video_path": layout.VIDEO_PATH}
        for key in _PLACES:
            without = key == "video_path" and not info.videos and fields.get(key) is None
            if not without and fields.required(key) != due[key]:
                raise fields.refusal(key, f"lerecord reads {shown(due[key])} only")
        extra = {key: value for key, value in fields.values.items() if key not in known}
        return replace(info, extra=extra)

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """What v2.1 and v3.0 say alike.

        Raises:
            DatasetError: a field is missing, or of another kind or size; it is named.
        """
        require_flat(fields.values, fields.place)
        return cls(
            robot_type=None if fields.get("robot_type") is None else fields.text("robot_type"),
            fps=_fps(fields),
            features=features_from(fields.object("features")),
            episodes=fields.count("total_episodes"),
            frames=fields.count("total_frames"),
            tasks=fields.count("total_tasks"),
            found=fields.values,
        )


def _fps(fields: Fields) -> int:
    value = fields.required("fps")
    if is_number(value) and value != int(value) and 0 < value < MAX_FPS:
        raise DatasetError(
            f"{fields.place} has fps {shown(value)}, and lerecord works with whole numbers of "
            f"frames a second; use LeRobot for this dataset."
        )
    return fields.count("fps", 1, MAX_FPS)


def _other_version(version: Any, root: Path | None) -> str:
    """Why a dataset of another version is not read, and what to do about it."""
    if version == V30:
        source = "DATASET" if root is None else str(root.absolute())
        command = shlex.join(["lerecord", "import", source, f"{source}_v2.1"])
        return (
            f"The dataset is of version {V30}, and lerecord works on {CODEBASE_VERSION}; make one "
            f"of it with `{command}`."
        )
    if version == V20:
        return (
            f"The dataset is of version {V20}, and lerecord works on {CODEBASE_VERSION}; convert "
            f"it with LeRobot 0.3.3's lerobot.datasets.v21.convert_dataset_v20_to_v21."
        )
    return (
        f"{layout.INFO} has codebase_version {shown(version)} where {CODEBASE_VERSION} is "
        f"expected; convert the dataset with LeRobot."
    )


@dataclass(frozen=True, slots=True)
class EpisodeRecord:
    """One line of meta/episodes.jsonl."""

    index: int
    tasks: tuple[str, ...]
    length: int

    def to_line(self) -> bytes:
        """The line."""
        return line_of(
            {"episode_index": self.index, "tasks": list(self.tasks), "length": self.length}
        )

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """From the parsed line."""
        return cls(data["episode_index"], tuple(data["tasks"]), data["length"])


def hardware_bytes(spec: DatasetSpec) -> bytes:
    """meta/hardware.json: the rig that a dataset came from, as far as info.json does not say it."""
    data = {
        "simulated": spec.simulated,
        "units": spec.units,
        "video": video_to_data(spec.video),
        **{key: value for key, value in spec.hardware.items() if key != "simulated"},
    }
    return json.dumps(data, indent=4, ensure_ascii=False).encode()


def spec_of(info: Info, hardware: bytes) -> DatasetSpec:
    """The spec of a dataset, from its info and its meta/hardware.json.

    Raises:
        DatasetError: either is not of the form that `hardware_bytes` and `Info` write.
    """
    fields = Fields.parsed(hardware, layout.HARDWARE)
    require_flat(fields.values, fields.place)
    if "action" not in info.features:
        raise DatasetError(f"{layout.INFO} lacks the feature 'action'; restore it from a copy.")
    for name in ("config", "identity", "calibration"):
        if fields.get(name) is not None:
            fields.object(name)
    return DatasetSpec(
        robot_type=info.robot_type or "",
        fps=info.fps,
        units=fields.text("units"),
        joints=info.features["action"].names,
        cameras=cameras_of(info),
        video=_video_settings(fields.object("video")),
        hardware={k: v for k, v in fields.values.items() if k not in ("units", "video")},
    )


def _video_settings(fields: Fields) -> VideoSettings:
    """The settings in meta/hardware.json; what is not given becomes the recommended value."""
    given: dict[str, Any] = {
        name: fields.text(name) for name in ("codec", "preset") if name in fields
    }
    given |= {
        name: fields.count(name, at_least)
        for name, at_least in (("crf", 0), ("qp", 0), ("gop", 1))
        if fields.get(name) is not None
    }
    options = fields.get("options")
    if options is not None and not (
        isinstance(options, list)
        and all(isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in options)
    ):
        raise fields.refusal("options", "a list of pairs of text is expected")
    return video_from_data({**given, "options": options})


def cameras_of(info: Info) -> tuple[CameraSpec, ...]:
    """The cameras of a dataset, from its features.

    Raises:
        ConfigError, DatasetError: one has a name or a size that lerecord does not record.
    """
    return tuple(
        CameraSpec(each.key.removeprefix(IMAGE_PREFIX), *each.size) for each in info.videos
    )


def line_of(record: Mapping[str, Any]) -> bytes:
    """One line of a JSONL file, newline included: without it an append would glue two records."""
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def task_line(index: int, task: str) -> bytes:
    """One line of meta/tasks.jsonl."""
    return line_of({"task_index": index, "task": task})


def stats_line(episode: int, values: Stats) -> bytes:
    """One line of meta/episodes_stats.jsonl."""
    return line_of({"episode_index": episode, "stats": stats.to_data(values)})


def stats_bytes(values: Stats) -> bytes:
    """meta/stats.json."""
    return json.dumps(stats.to_data(values), indent=4).encode()


def parse_tasks(data: bytes, count: int) -> list[str]:
    """The first `count` tasks, by task_index.

    Raises:
        DatasetError: there are fewer, or they are not in order.
    """
    records = list(_records(layout.TASKS, data, count))
    if [record.get("task_index") for record in records] != list(range(count)):
        raise DatasetError(f"{layout.TASKS} does not number its tasks 0 to {count - 1}.")
    return [record["task"] for record in records]


def parse_episodes(data: bytes, count: int) -> list[EpisodeRecord]:
    """The first `count` episodes.

    Raises:
        DatasetError: there are fewer, or they are not in order.
    """
    records = list(_records(layout.EPISODES, data, count))
    if [record.get("episode_index") for record in records] != list(range(count)):
        raise DatasetError(f"{layout.EPISODES} does not number its episodes 0 to {count - 1}.")
    return [EpisodeRecord.from_data(record) for record in records]


def parse_episodes_stats(data: bytes, count: int) -> list[Stats]:
    """The statistics of the first `count` episodes.

    Raises:
        DatasetError: there are fewer, or they are not in order or not of LeRobot's form.
    """
    records = list(_records(layout.EPISODES_STATS, data, count))
    if [record.get("episode_index") for record in records] != list(range(count)):
        raise DatasetError(
            f"{layout.EPISODES_STATS} does not number its episodes 0 to {count - 1}."
        )
    return [_stats(layout.EPISODES_STATS, record["stats"]) for record in records]


def parse_stats(data: bytes) -> Stats:
    """meta/stats.json.

    Raises:
        DatasetError: it is not of that form.
    """
    return _stats(layout.STATS, _parsed(layout.STATS, data))


def first_appearances(task_lists: Sequence[Sequence[str]]) -> list[str]:
    """The tasks of a dataset in the order of their index: by first appearance."""
    return list(dict.fromkeys(task for tasks in task_lists for task in tasks))


def _records(name: str, data: bytes, count: int) -> Iterator[dict[str, Any]]:
    """The first `count` lines: what stands behind them is not committed yet."""
    lines = [line for line in data.split(b"\n") if line.strip()]
    if len(lines) < count:
        raise DatasetError(f"{name} has {len(lines)} lines and info.json counts {count}.")
    for line in lines[:count]:
        yield _parsed(name, line)


def _parsed(name: str, data: bytes) -> dict[str, Any]:
    try:
        values = json.loads(data)
    except ValueError as error:
        raise DatasetError(f"{name} is not valid JSON ({error}); restore it.") from error
    if not isinstance(values, dict):
        raise DatasetError(f"{name} holds no JSON object where one is due; restore it.")
    return values


def _stats(name: str, data: Mapping[str, Any]) -> Stats:
    try:
        return stats.from_data(data)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DatasetError(f"{name} holds statistics of another form ({error}).") from error
