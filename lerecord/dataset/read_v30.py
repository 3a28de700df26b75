"""A dataset of the LeRobot v3.0 layout as it lies on disk, with its metadata as v2.1 has it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset import layout, metadata, v30
from lerecord.dataset.fields import Fields
from lerecord.dataset.metadata import EpisodeRecord, Info
from lerecord.dataset.stats import FeatureStats, Stats
from lerecord.dataset.v30 import FileNumber
from lerecord.errors import DatasetError

_STATISTICS = ("min", "max", "mean", "std", "count")
_OF_V30 = ("data_files_size_in_mb", "video_files_size_in_mb")
_DEPTH = "is_depth_map"


@dataclass(frozen=True, slots=True)
class Span:
    """Where an episode's pictures are: a video, and the seconds in it at which they begin."""

    path: Path
    start_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """An episode of a dataset of v3.0.

    Attributes:
        record: as a line of meta/episodes.jsonl.
        data: the parquet file that its rows are in, with those of others.
        spans: feature of a camera to its pictures.
        stats: by feature, without the quantiles; every number but the count is a float.
    """

    record: EpisodeRecord
    data: Path
    spans: Mapping[str, Span]
    stats: Stats


@dataclass(frozen=True, slots=True, eq=False)
class DatasetV30:
    """A dataset of v3.0.

    Attributes:
        root: its folder.
        info: as it will be in v2.1.
        tasks: by task_index.
        episodes: by episode_index.
    """

    root: Path
    info: Info
    tasks: list[str]
    episodes: list[Episode]

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read the metadata.

        Raises:
            DatasetError: it is none of v3.0, a file cannot be read, or pictures lie in the rows.
        """
        values = _info_values(root)
        try:
            info = _info(values)
            tasks = _tasks(root / v30.TASKS)
            rows = list(_episode_rows(root))
            episodes = [_episode(root, values, info, row) for row in rows]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise DatasetError(
                f"The metadata of {root} is not of LeRobot's form ({error!r}); restore it."
            ) from error
        if [each.record.index for each in episodes] != list(range(info.episodes)):
            raise DatasetError(
                f"meta/episodes of {root} does not number its episodes 0 to {info.episodes - 1}."
            )
        return cls(root, info, tasks, episodes)


def files_seen(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below meta/, data/, videos/ and capture/: its size and when it was changed."""
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in ("meta", "data", layout.VIDEOS, layout.CAPTURE)
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


def _info_values(root: Path) -> dict[str, Any]:
    try:
        values: Any = json.loads((root / layout.INFO).read_bytes())
    except OSError as error:
        raise DatasetError(
            f"{root} is not a dataset: {layout.INFO} cannot be read ({error.strerror}); check the "
            f"path."
        ) from error
    except ValueError as error:
        raise DatasetError(f"{root / layout.INFO} is not valid JSON ({error}).") from error
    version = values.get("codebase_version") if isinstance(values, dict) else None
    if version == metadata.CODEBASE_VERSION:
        raise DatasetError(f"{root} is of version {version} already; use it as it is.")
    if version != v30.CODEBASE_VERSION:
        raise DatasetError(
            f"{root} is of version {version}; {v30.CODEBASE_VERSION} can be imported."
        )
    found: dict[str, Any] = values
    return found


def _info(values: Mapping[str, Any]) -> Info:
    fields = Fields(values, layout.INFO)
    features = {key: _feature(each) for key, each in fields.object("features").values.items()}
    info = Info.from_fields(Fields({**values, "features": features}, layout.INFO))
    for each in info.columns:
        if each.is_image:
            raise DatasetError(
                f"The feature {each.key} keeps its images in the data files; lerecord reads videos."
            )
    known = {*info.to_data(), *_OF_V30}
    extra = {key: value for key, value in values.items() if key not in known}
    return replace(info, extra=extra, found={})


def _feature(feature: Any) -> Any:
    """A feature with the one fact that has another name in v2.1 under it."""
    told = feature.get("info") if isinstance(feature, dict) else None
    if not isinstance(told, dict) or _DEPTH not in told:
        return feature
    renamed = {f"video.{_DEPTH}" if key == _DEPTH else key: each for key, each in told.items()}
    return {**feature, "info": renamed}


def _tasks(path: Path) -> list[str]:
    rows: list[dict[str, Any]] = _read(path).to_pylist()
    numbered = {row["task_index"]: row["task"] for row in rows}
    return [numbered[number] for number in range(len(numbered))]


def _episode_rows(root: Path) -> Iterator[dict[str, Any]]:
    for path in sorted((root / "meta/episodes").glob("*/*.parquet")):
        yield from _read(path).to_pylist()


def _read(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read ({error}).") from error


def _episode(root: Path, values: Mapping[str, Any], info: Info, row: Mapping[str, Any]) -> Episode:
    def file(prefix: str, template: str, key: str = "") -> Path:
        number = FileNumber(row[f"{prefix}/chunk_index"], row[f"{prefix}/file_index"])
        return root / number.path(values[template], key)

    return Episode(
        record=EpisodeRecord(row["episode_index"], tuple(row["tasks"]), row["length"]),
        data=file("data", "data_path"),
        spans={
            key: Span(file(f"videos/{key}", "video_path", key), row[f"videos/{key}/from_timestamp"])
            for key in info.camera_keys
        },
        stats={
            key: FeatureStats.from_data({name: row[f"stats/{key}/{name}"] for name in _STATISTICS})
            for key in info.features
            if row.get(f"stats/{key}/mean") is not None
        },
    )
