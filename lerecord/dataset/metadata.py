"""The files below meta/, typed: what LeRobot v2.1 wants to the byte, and the rig beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from lerecord.dataset import layout, stats
from lerecord.dataset.spec import (
    IMAGE_PREFIX,
    CameraSpec,
    DatasetSpec,
    video_from_data,
    video_to_data,
)
from lerecord.dataset.stats import Stats
from lerecord.errors import DatasetError

CODEBASE_VERSION = "v2.1"


@dataclass(frozen=True, slots=True)
class Info:
    """meta/info.json.

    Attributes:
        robot_type: of the rig.
        fps: rows a second.
        features: as `DatasetSpec.features` gives them.
        episodes: committed ones.
        frames: rows of all of them.
        tasks: different ones.
        extra: keys that are not LeRobot's, kept as they were found.
        found: the whole file as it was read; empty of a new one.
    """

    robot_type: str
    fps: int
    features: Mapping[str, Any]
    episodes: int = 0
    frames: int = 0
    tasks: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def camera_keys(self) -> list[str]:
        """The features that are videos."""
        return [key for key, each in self.features.items() if each["dtype"] == "video"]

    @property
    def codecs(self) -> dict[str, str]:
        """The codec of each feature that is a video."""
        return {key: self.features[key]["info"]["video.codec"] for key in self.camera_keys}

    def with_codecs(self, codecs: Mapping[str, str]) -> Self:
        """With other codecs of its videos."""
        features = dict(self.features)
        for key, codec in codecs.items():
            told = {**features[key]["info"], "video.codec": codec}
            features[key] = {**features[key], "info": told}
        return replace(self, features=features)

    @property
    def chunks(self) -> int:
        """Chunks that the episodes take."""
        return -(-self.episodes // layout.CHUNK_SIZE)

    def appended(self, frames: int, tasks: int) -> Self:
        """With one more episode of `frames` rows, and `tasks` tasks then."""
        return replace(self, episodes=self.episodes + 1, frames=self.frames + frames, tasks=tasks)

    def to_data(self) -> dict[str, Any]:
        """The keys in LeRobot's order."""
        return {
            "codebase_version": CODEBASE_VERSION,
            "robot_type": self.robot_type,
            "total_episodes": self.episodes,
            "total_frames": self.frames,
            "total_tasks": self.tasks,
            "total_videos": self.episodes * len(self.camera_keys),
            "total_chunks": self.chunks,
            "chunks_size": layout.CHUNK_SIZE,
            "fps": self.fps,
            "splits": {"train": f"0:{self.episodes}"},
            "data_path": layout.DATA_PATH,
            "video_path": layout.VIDEO_PATH,
            "features": self.features,
            **self.extra,
        }

    def to_bytes(self) -> bytes:
        """The file."""
        return json.dumps(self.to_data(), indent=4, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """From the file.

        Raises:
            DatasetError: it is no info.json of v2.1 in LeRobot's places.
        """
        values = _parsed(layout.INFO, data)
        version = values.get("codebase_version")
        if version != CODEBASE_VERSION:
            raise DatasetError(
                f"The dataset is of version {version}, and lerecord records {CODEBASE_VERSION}; "
                f"record into a new folder."
            )
        try:
            info = cls(
                robot_type=values["robot_type"],
                fps=values["fps"],
                features=values["features"],
                episodes=values["total_episodes"],
                frames=values["total_frames"],
                tasks=values["total_tasks"],
            )
            known = info.to_data()
            places = {key: values[key] for key in ("chunks_size", "data_path", "video_path")}
        except (KeyError, TypeError) as error:
            raise DatasetError(f"{layout.INFO} lacks {error}; restore it from a copy.") from error
        for key, value in places.items():
            if value != known[key]:
                raise DatasetError(
                    f"{layout.INFO} has {key} {value!r} where lerecord uses {known[key]!r}; "
                    f"record into a new folder."
                )
        extra = {key: value for key, value in values.items() if key not in known}
        return replace(info, extra=extra, found=values)


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
    values = _parsed(layout.HARDWARE, hardware)
    try:
        return DatasetSpec(
            robot_type=info.robot_type,
            fps=info.fps,
            units=values.pop("units"),
            joints=tuple(info.features["action"]["names"]),
            cameras=cameras_of(info),
            video=video_from_data(values.pop("video")),
            hardware=values,
        )
    except (KeyError, TypeError) as error:
        raise DatasetError(f"{layout.HARDWARE} lacks {error}; restore it from a copy.") from error


def cameras_of(info: Info) -> tuple[CameraSpec, ...]:
    """The cameras of a dataset, from its features."""
    return tuple(
        CameraSpec(key.removeprefix(IMAGE_PREFIX), *picture_size(info.features[key]))
        for key in info.camera_keys
    )


def picture_size(feature: Mapping[str, Any]) -> tuple[int, int]:
    """Width and height of a video's pictures; older writers put the channels first."""
    names = feature.get("names") or ("height", "width", "channels")
    named = dict(zip(names, feature["shape"], strict=True))
    return named["width"], named["height"]


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
