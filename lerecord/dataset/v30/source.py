"""A dataset of the LeRobot v3.0 layout as it lies on disk, with its metadata as v2.1 has it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from lerecord.dataset.format import (
    CODEBASE_VERSION,
    EpisodeRecord,
    FeatureStats,
    Fields,
    Info,
    PathTemplate,
    Stats,
    layout,
    read_meta_file,
    read_parquet,
    rows_of,
    shown,
)
from lerecord.dataset.v30 import files
from lerecord.errors import DatasetError

_STATISTICS = ("min", "max", "mean", "std", "count")
_OF_V30 = ("data_files_size_in_mb", "video_files_size_in_mb")
_DEPTH = "is_depth_map"
_MOST_FILES = 999_999
_OF_EPISODES = re.compile(
    r"episode_index|tasks|length|dataset_(from|to)_index|(data|meta/episodes|videos|stats)/.*"
)
"""LeRobot's columns of meta/episodes."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where an episode's images are: a video, and the seconds in it at which they begin."""

    path: Path
    start_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Episode:
    """An episode of a dataset of v3.0.

    Attributes:
        record: as a line of meta/episodes.jsonl.
        data: the parquet file that its rows are in, with those of others.
        spans: feature of a camera to its images.
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
        further: columns of meta/episodes that are not LeRobot's.
    """

    root: Path
    info: Info
    tasks: list[str]
    episodes: list[Episode]
    further: list[str]

    @classmethod
    def load(cls, root: Path) -> Self:
        """Read the metadata.

        Raises:
            DatasetError: it is none of v3.0, a file cannot be read, or images lie in the rows.
        """
        fields = _info_fields(root)
        info = _info(fields)
        paths = Fields({**_USUAL_PATHS, **fields.values}, fields.place)
        places = _Places(
            root,
            PathTemplate.from_fields(paths, "data_path", _DATA),
            PathTemplate.from_fields(paths, "video_path", _VIDEO) if info.videos else None,
        )
        names: dict[str, None] = {}
        episodes = []
        for row in _episode_rows(root, info):
            names |= dict.fromkeys(row.values)
            episodes.append(_episode(places, info, row))
        episodes.sort(key=lambda each: each.record.index)
        if [each.record.index for each in episodes] != list(range(info.episodes)):
            raise DatasetError(
                f"meta/episodes of {root} does not number its episodes 0 to {info.episodes - 1}; "
                f"restore it from a copy."
            )
        further = [name for name in names if _OF_EPISODES.fullmatch(name) is None]
        return cls(root, info, _tasks(root / files.TASKS), episodes, further)


def files_seen(root: Path) -> dict[str, tuple[int, int]]:
    """Every file below meta/, data/, videos/ and capture/: its size and when it was changed."""
    return {
        str(path.relative_to(root)): (path.stat().st_size, path.stat().st_mtime_ns)
        for folder in ("meta", "data", layout.VIDEOS, layout.CAPTURE)
        for path in (root / folder).rglob("*")
        if path.is_file()
    }


_DATA = frozenset(("chunk_index", "file_index"))
_VIDEO = _DATA | {"video_key"}
_USUAL_PATHS = {"data_path": files.DATA_PATH, "video_path": files.VIDEO_PATH}
"""LeRobot's, where info.json leaves them out."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the files of rows and of images are; `video` is None where there are no images."""

    root: Path
    data: PathTemplate
    video: PathTemplate | None


def _info_fields(root: Path) -> Fields:
    try:
        data = read_meta_file(root / layout.INFO, layout.INFO)
    except OSError as error:
        raise DatasetError(
            f"{root} is not a dataset: {layout.INFO} cannot be read ({error.strerror}); check the "
            f"path."
        ) from error
    fields = Fields.parsed(data, str(root / layout.INFO))
    version = fields.get("codebase_version")
    if version == CODEBASE_VERSION:
        raise DatasetError(f"{root} is of version {version} already; use it as it is.")
    if version != files.CODEBASE_VERSION:
        raise DatasetError(
            f"{root} is of version {shown(version)}; {files.CODEBASE_VERSION} can be imported."
        )
    return fields


def _info(fields: Fields) -> Info:
    features = {key: _feature(each) for key, each in fields.object("features").values.items()}
    info = Info.from_fields(Fields({**fields.values, "features": features}, fields.place))
    for each in info.columns:
        if each.is_image:
            raise DatasetError(
                f"The feature {each.key} keeps its images in the data files; lerecord reads videos."
            )
    known = {*info.to_data(), *_OF_V30}
    extra = {key: value for key, value in fields.values.items() if key not in known}
    return replace(info, extra=extra, found={})


def _feature(feature: Any) -> Any:
    """A feature with the one fact that has another name in v2.1 under it."""
    told = feature.get("info") if isinstance(feature, dict) else None
    if not isinstance(told, dict) or _DEPTH not in told:
        return feature
    renamed = {f"video.{_DEPTH}" if key == _DEPTH else key: each for key, each in told.items()}
    return {**feature, "info": renamed}


def _tasks(path: Path) -> list[str]:
    """The sentences in the order of the table, by which LeRobot numbers them."""
    table = read_parquet(path)
    sentences = _index_column(path, table)
    rows = Fields({"tasks": sentences}, str(path))
    if not all(isinstance(each, str) for each in sentences):
        raise rows.refusal("tasks", "text is expected")
    if "task_index" in table.column_names:
        numbers = table["task_index"].to_pylist()
        if numbers != list(range(len(numbers))):
            raise DatasetError(
                f"{path} has the task_index {shown(numbers)} where LeRobot numbers the rows from "
                f"0 on; restore it from a copy."
            )
    return sentences


def _index_column(path: Path, table: pa.Table) -> list[Any]:
    """The column that pandas takes for the index: `task`, or without a name `__index_level_0__`."""
    for name in ("task", "__index_level_0__"):
        if name in table.column_names:
            return table[name].to_pylist()
    raise DatasetError(f"{path} lacks the column 'task'; restore it from a copy.")


def _episode_rows(root: Path, info: Info) -> Iterator[Fields]:
    paths = sorted((root / "meta/episodes").glob("*/*.parquet"))
    if (rows := sum(rows_of(path) for path in paths)) != info.episodes:
        raise DatasetError(
            f"meta/episodes of {root} has {rows} episodes and {layout.INFO} counts "
            f"{info.episodes}; restore both from a copy."
        )
    for path in paths:
        name = path.relative_to(root)
        for number, row in enumerate(read_parquet(path).to_pylist()):
            yield Fields(row, f"{name}, row {number}")


def _episode(places: _Places, info: Info, row: Fields) -> Episode:
    def file(template: PathTemplate, prefix: str, **key: str) -> Path:
        numbers = {
            name: row.count(f"{prefix}/{name}", at_most=_MOST_FILES)
            for name in ("chunk_index", "file_index")
        }
        return places.root / template.path(**numbers, **key)

    spans = {}
    if places.video is not None:
        for key in info.camera_keys:
            path = file(places.video, f"videos/{key}", video_key=key)
            spans[key] = Span(path, row.seconds(f"videos/{key}/from_timestamp"))
    return Episode(
        record=replace(EpisodeRecord.from_fields(row), extra={}),
        data=file(places.data, "data"),
        spans=spans,
        stats=dict(_stored_stats(info, row)),
    )


def _stored_stats(info: Info, row: Fields) -> Iterator[tuple[str, FeatureStats]]:
    """Of what is not computed from the rows again."""
    for feature in info.features.values():
        if feature.is_vector or row.get(f"stats/{feature.key}/mean") is None:
            continue
        values = {name: row.get(f"stats/{feature.key}/{name}") for name in _STATISTICS}
        place = f"{row.place}, stats/{feature.key}"
        yield feature.key, FeatureStats.from_fields(Fields(values, place))
