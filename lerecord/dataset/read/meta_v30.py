"""The metadata of a dataset of v3.0, read into the types of v2.1."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from lerecord.counted import counted
from lerecord.dataset.format import (
    CODEBASE_VERSION,
    EpisodeRecord,
    Fields,
    Info,
    PathTemplate,
    columns_in,
    layout,
    layout_v30,
    read_meta_file,
    read_parquet,
    rows_of,
    shown,
)
from lerecord.dataset.storage import Segment
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

STATS_PREFIX = "stats/"
_OF_V30 = ("data_files_size_in_mb", "video_files_size_in_mb")
_FOUND = ("fps", "splits", "total_episodes", "total_frames", "total_tasks")
_DEPTH = "is_depth_map"
_MOST_FILES = 999_999
_ROWS_AT_ONCE = 1000
_OF_EPISODES = re.compile(
    r"episode_index|tasks|length|dataset_(from|to)_index|(data|meta/episodes|videos|stats)/.*"
)
"""LeRobot's columns of meta/episodes."""
_DATA = frozenset(("chunk_index", "file_index"))
_VIDEO = _DATA | {"video_key"}
_USUAL_PATHS = {"data_path": layout_v30.DATA_PATH, "video_path": layout_v30.VIDEO_PATH}
"""LeRobot's, where info.json leaves them out."""


@dataclass(frozen=True, slots=True)
class PlacedEpisode:
    """An episode, and where its frames and images are.

    Attributes:
        record: as a line of meta/episodes.jsonl.
        data: the parquet file with its frames, and those of others.
        videos: its images of each camera, in the order of `Info.videos`.
    """

    record: EpisodeRecord
    data: Path
    videos: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeTables:
    """Everything of meta/episodes but the statistics.

    Attributes:
        episodes: by episode_index.
        rows: the file and the row in it of each, in the same order.
        columns: of the files, without the statistics, each named once.
    """

    episodes: Sequence[PlacedEpisode]
    rows: Sequence[tuple[Path, int]]
    columns: Sequence[str]

    @property
    def further(self) -> list[str]:
        """The columns that are not LeRobot's."""
        return [name for name in self.columns if _OF_EPISODES.fullmatch(name) is None]


def read_info(root: Path) -> tuple[Info, "Places"]:
    """meta/info.json as that of v2.1, and where the files of episodes are.

    Raises:
        DatasetError: it cannot be read or is none of v3.0.
    """
    fields = _info_fields(root)
    features = {key: _feature(each) for key, each in fields.object("features").values.items()}
    info = Info.from_fields(Fields({**fields.values, "features": features}, fields.place))
    known = {*info.to_data(), *_OF_V30}
    extra = {key: value for key, value in fields.values.items() if key not in known}
    found = {key: fields.values[key] for key in _FOUND if key in fields.values}
    paths = Fields({**_USUAL_PATHS, **fields.values}, fields.place)
    places = Places(
        root,
        PathTemplate.from_fields(paths, "data_path", _DATA),
        PathTemplate.from_fields(paths, "video_path", _VIDEO) if info.videos else None,
    )
    return replace(info, extra=extra, found=found), places


def read_tasks(root: Path) -> list[str]:
    """The sentences of meta/tasks.parquet in the order of its rows, by which LeRobot numbers them.

    Raises:
        DatasetError: it cannot be read, or its rows are numbered in another way.
    """
    path = root / layout_v30.TASKS
    names = columns_in(path)
    index = next((name for name in ("task", "__index_level_0__") if name in names), None)
    if index is None:  # pandas calls an index without a name so
        raise DatasetError(f"{path} lacks the column 'task'; restore it from a copy.")
    rows = _rows(path, [name for name in (index, "task_index") if name in names])
    tasks = [row.text(index) for row in rows]
    if "task_index" in names:
        numbers = [row.values["task_index"] for row in _rows(path, ["task_index"])]
        if numbers != list(range(len(numbers))):
            raise DatasetError(
                f"{path} has the task_index {shown(numbers)} where LeRobot numbers the rows from "
                f"0 on; restore it from a copy."
            )
    return tasks


def read_episodes(root: Path, info: Info, places: "Places") -> EpisodeTables:
    """meta/episodes.

    Raises:
        DatasetError: a file cannot be read, or they are not all episodes that info.json counts.
    """
    paths = sorted((root / layout_v30.EPISODES).glob("*/*.parquet"))
    if (rows := sum(rows_of(path) for path in paths)) != info.episodes:
        raise DatasetError(
            f"{layout_v30.EPISODES} of {root} has {counted(rows, 'episode')} and {layout.INFO} "
            f"counts {info.episodes}; restore both from a copy."
        )
    columns: dict[str, None] = {}
    found: list[tuple[PlacedEpisode, tuple[Path, int]]] = []
    for path in paths:
        names = [name for name in columns_in(path) if not name.startswith(STATS_PREFIX)]
        columns |= dict.fromkeys(names)
        for number, row in enumerate(_rows(path, names)):
            found.append((places.placed(row, info), (path, number)))
    found.sort(key=lambda each: each[0].record.index)
    if [each.record.index for each, _ in found] != list(range(info.episodes)):
        raise DatasetError(
            f"{layout_v30.EPISODES} of {root} does not number its episodes 0 to "
            f"{info.episodes - 1}; restore it from a copy."
        )
    return EpisodeTables([each for each, _ in found], [row for _, row in found], list(columns))


class Places:
    """Where the files of frames and of images are.

    Args:
        root: the dataset's folder.
        data: the template of the files of frames.
        video: of the videos; None where there are none.
    """

    def __init__(self, root: Path, data: PathTemplate, video: PathTemplate | None) -> None:
        self._root = root
        self._data = data
        self._video = video
        self._known: dict[str, Path] = {}

    def placed(self, row: Fields, info: Info) -> PlacedEpisode:
        """A row of meta/episodes; raises DatasetError."""
        record = replace(EpisodeRecord.from_fields(row), extra={})
        videos = []
        if self._video is not None:
            for key in info.camera_keys:
                path = self._path(self._video, row, f"videos/{key}", video_key=key)
                from_s = row.seconds(f"videos/{key}/from_timestamp")
                videos.append(Segment(path, from_s, from_s + record.length / info.fps))
        return PlacedEpisode(
            record=record,
            data=self._path(self._data, row, "data"),
            videos=tuple(videos),
        )

    def _path(self, template: PathTemplate, row: Fields, prefix: str, **key: str) -> Path:
        """One object for each file, however many episodes are in it."""
        numbers = {
            name: row.count(f"{prefix}/{name}", at_most=_MOST_FILES)
            for name in ("chunk_index", "file_index")
        }
        name = template.path(**numbers, **key)
        if name not in self._known:
            self._known[name] = self._root / name
        return self._known[name]


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
    if version != layout_v30.CODEBASE_VERSION:
        raise DatasetError(
            f"{root} is of version {shown(version)}; {layout_v30.CODEBASE_VERSION} can be imported."
        )
    return fields


def _feature(feature: Any) -> Any:
    """A feature with the one fact that has another name in v2.1 under it."""
    told = feature.get("info") if isinstance(feature, dict) else None
    if not isinstance(told, dict) or _DEPTH not in told:
        return feature
    renamed = {f"video.{_DEPTH}" if key == _DEPTH else key: each for key, each in told.items()}
    return {**feature, "info": renamed}


def _rows(path: Path, columns: Sequence[str]) -> Iterator[Fields]:
    """The rows of a table, so many at once that not all of them are Python's at a time."""
    number = 0
    for batch in read_parquet(path, columns).to_batches(max_chunksize=_ROWS_AT_ONCE):
        for row in _as_python(batch, path):
            yield Fields(row, f"{path}, row {number}")
            number += 1


def _as_python(rows: pa.RecordBatch, path: Path) -> list[dict[str, Any]]:
    """Refused where they hold what Python cannot."""
    try:
        return rows.to_pylist()
    except (ValueError, OverflowError, pa.ArrowException) as error:
        raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
