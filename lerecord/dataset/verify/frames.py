"""Checks of an episode's data file: every column that info.json names, and its statistics."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.dataset.format import (
    DEFAULT_FEATURES,
    IMAGE_PREFIX,
    NUMBERS,
    VECTORS,
    EpisodeRecord,
    Feature,
    FeatureStats,
    Info,
    Label,
    Stats,
    episode_table,
    of_column,
    of_pictures,
)
from lerecord.dataset.read import Files, column_of
from lerecord.dataset.verify.findings import Place
from lerecord.dataset.verify.label_columns import check_label_columns
from lerecord.dataset.verify.versions import Version
from lerecord.dataset.verify.video import check_image_stats, check_look
from lerecord.dataset.video import histogram_of
from lerecord.errors import DatasetError
from lerecord.jpeg import CorruptImageError, size_of

STATS_TOLERANCE = 1e-6
_TOLERANCE_S = 1e-4  # LeRobot's
_MOMENTS = ("min", "max", "mean", "std")
_NUMBERS = "biuf"
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """What a data file is checked against.

    Attributes:
        record: the episode's line in episodes.jsonl.
        first_row: index of its first frame in the dataset.
        tasks: the task_index of each of its tasks.
        stats: that are kept of it; None when they cannot be read.
        version: of the format.
        decode: check every image in it.
        ours: lerecord recorded it, so everything is exact.
        label: what is said of the episode; None when that cannot be read.
    """

    record: EpisodeRecord
    first_row: int
    tasks: Sequence[int]
    stats: Stats | None
    version: Version
    decode: bool
    ours: bool
    label: Label | None = None


def check_frames(files: Files, info: Info, frames: Frames, place: Place) -> None:
    """Check the frames of an episode."""
    path, (name, _) = files.data(frames.record.index), files.names(frames.record.index, ())
    try:
        stored = files.frames(frames.record.index)
        columns = dict(_columns(stored, info))
    except DatasetError as error:
        place.wrong(str(error))
        return
    except (pa.ArrowException, KeyError, ValueError) as error:
        place.wrong(f"{path} cannot be read ({error}).")
        return
    length = frames.record.length
    place.expect(f"the number of frames in {name}", len(stored), length)
    _check_defaults(columns, info.fps, frames, place)
    _check_finite(columns, place)
    if frames.label is not None:
        check_label_columns(columns, frames.label, frames.ours, place)
    if frames.stats is not None:
        for key, column in columns.items():
            _check_stats(info.features[key], column, frames, place)
    for feature in info.columns:
        if feature.is_image:
            inside = place.of_camera(feature.key.removeprefix(IMAGE_PREFIX))
            _check_images(stored.column(feature.key), feature, frames, inside)


def _columns(stored: pa.Table, info: Info) -> Iterator[tuple[str, NDArray[Any]]]:
    for feature in info.columns:
        if feature.is_image:
            stored.column(feature.key)  # raises KeyError when there is none
        elif _is_plain(stored.schema.field(feature.key).type):
            yield feature.key, column_of(stored, feature)


def _is_plain(kind: pa.DataType) -> bool:
    """Whether a column holds numbers, or lists of them."""
    while (
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    ):
        kind = kind.value_type
    return pa.types.is_primitive(kind)


def _check_defaults(
    columns: Mapping[str, NDArray[Any]], fps: int, frames: Frames, place: Place
) -> None:
    length = len(next(iter(columns.values()), ()))
    rows = np.arange(length)
    tasks = list(frames.tasks) or [-1]
    found_tasks = columns.get("task_index", rows)
    due: dict[str, NDArray[Any]] = {
        "frame_index": rows,
        "episode_index": np.full_like(rows, frames.record.index),
        "index": rows + frames.first_row,
        # LeRobot allows several tasks in an episode, each of some of its frames.
        "task_index": np.where(np.isin(found_tasks, tasks), found_tasks, tasks[0]),
        "timestamp": episode_table.timestamps(length, fps),
    }
    for name, values in due.items():
        if name not in columns:
            continue  # said once, of the whole dataset
        found = columns[name]
        if name == "timestamp" and not frames.ours:
            wrong = np.flatnonzero(np.abs(found - rows / fps) > _TOLERANCE_S)
        else:
            wrong = np.flatnonzero(found != values)
        if len(wrong):
            first = wrong[0]
            place.wrong_rows(wrong, f"{name} is {found[first]} instead of {values[first]}.")


def _check_finite(columns: Mapping[str, NDArray[Any]], place: Place) -> None:
    for key, column in columns.items():
        if key.startswith(("action", "observation.")) and column.dtype.kind == "f":
            flat = column.reshape(len(column), -1)
            wrong = np.flatnonzero(~np.isfinite(flat).all(axis=1))
            place.wrong_rows(wrong, f"the {key.removeprefix('observation.')} is not a number.")


def _check_stats(feature: Feature, column: NDArray[Any], frames: Frames, place: Place) -> None:
    assert frames.stats is not None
    key = feature.key
    if not len(column) or column.dtype.kind not in _NUMBERS:
        return
    if key not in frames.stats:
        required = key in (*VECTORS, *DEFAULT_FEATURES)
        say = place.wrong if required else place.remark
        say(f"{frames.version.stats} lacks {key}.")
        return
    due = of_column(column)
    if column.ndim > 2:  # LeRobot keeps the shape of a frame's value
        due = _shaped(due, column.shape[1:])
        stored = frames.stats[key]
        if not frames.version.is_ours and stored.mean.shape == column.shape[-1:]:  # LeRobot 0.6
            rows = of_column(column.reshape(-1, column.shape[-1]))
            due = replace(rows, count=stored.count)
    rounding = 0.0 if frames.ours else _rounding(column)
    if text := deviation(frames.stats[key], due, rounding):
        is_left = key in NUMBERS and not frames.version.is_ours and not frames.ours
        say = place.remark if is_left else place.wrong
        say(f"{frames.version.stats}: {text} of {key} is not that of its frames.")


def _shaped(stats: FeatureStats, shape: tuple[int, ...]) -> FeatureStats:
    return FeatureStats(
        **{name: getattr(stats, name).reshape(shape) for name in _MOMENTS}, count=stats.count
    )


def _rounding(column: NDArray[Any]) -> float:
    """How far off means of a column can be that are summed in its own precision, as LeRobot's."""
    if column.dtype.kind != "f" or not np.isfinite(column).all():
        return 0.0
    largest = float(np.abs(column).max(initial=0))
    return len(column) * float(np.finfo(column.dtype).eps) * largest


def deviation(stored: FeatureStats, due: FeatureStats, rounding: float = 0.0) -> str | None:
    """Which statistic is another; None when all are right, mean and std but for the rounding."""
    if stored.count != due.count:
        return "count"
    for name in _MOMENTS:
        left, right = getattr(stored, name), getattr(due, name)
        if left.shape != right.shape:
            return f"the shape of {name}"
        tolerance = STATS_TOLERANCE + (rounding if name in ("mean", "std") else 0.0)
        if not np.allclose(left, right, rtol=STATS_TOLERANCE, atol=tolerance, equal_nan=True):
            return name
    return None


def _check_images(
    column: "pa.ChunkedArray[Any]", feature: Feature, frames: Frames, place: Place
) -> None:
    """Images that lie in the frames, each with its bytes."""
    stored = None if frames.stats is None else frames.stats.get(feature.key)
    check_image_stats(feature, stored, frames.version.stats, place)
    try:
        width, height = feature.size
        images = [None if row is None else row["bytes"] for row in column.to_pylist()]
    except (DatasetError, KeyError, TypeError) as error:
        place.wrong(f"its images cannot be read ({error}).")
        return
    missing = [row for row, data in enumerate(images) if not data]
    place.wrong_rows(missing, "there is no image in the data file.")
    if not frames.decode:
        return
    histogram = np.zeros((3, 256), dtype=np.int64)
    broken, other = [], []
    for row, data in enumerate(images):
        announced = _announced(data) if data else None
        if announced is not None and announced != (width, height):
            other.append(row)  # not decoded: the header may announce gigabytes
        elif data and announced and (pixels := _decoded(data)) is not None:
            histogram += histogram_of(pixels)
        else:
            broken.append(row)
    place.wrong_rows([row for row in broken if images[row]], "the image does not decode.")
    place.wrong_rows(other, f"the image is not of {width}x{height}.")
    if images and not broken and not other:
        check_look(of_pictures(histogram, len(images)), stored, place)


def _announced(data: bytes) -> tuple[int, int] | None:
    """Width and height by the header; None of what is neither PNG nor JPEG."""
    if data.startswith(_PNG):  # its IHDR comes first: PNG, third edition, 11.2.1
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    try:
        return size_of(data)
    except CorruptImageError:
        return None


def _decoded(data: bytes) -> NDArray[np.uint8] | None:
    how = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION  # as LeRobot reads it
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except cv2.error:
        return None
    return None if pixels is None else pixels.astype(np.uint8, copy=False)
