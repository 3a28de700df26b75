"""The frames of some episodes, one behind the other, as columns in memory."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lerecord.commands import for_dataset
from lerecord.counted import counted
from lerecord.dataset.format import EpisodeRecord, Feature, Info, layout, to_numpy
from lerecord.dataset.read.stored import Files
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """N frames of E episodes.

    Attributes:
        columns: feature name to (N,) values or (N, D) vectors; those of videos are none.
        episodes: whose frames they are.
        first: (E,) each episode's first frame here.
        end: (E,) the frame behind its last.
    """

    columns: Mapping[str, NDArray[Any]]
    episodes: tuple[EpisodeRecord, ...]
    first: NDArray[np.int64]
    end: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.end[-1]) if len(self.end) else 0

    def episode_at(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which of the E episodes each frame belongs to."""
        return np.searchsorted(self.end, rows, side="right")


def load_rows(
    files: Files, info: Info, episodes: Sequence[EpisodeRecord], tolerance_s: float
) -> Rows:
    """Read the frames of episodes, in the order in which they are given.

    Args:
        files: where they are.
        info: of the dataset.
        episodes: which.
        tolerance_s: of the distance of two timestamps from 1 / fps.

    Raises:
        DatasetError: a file is missing, not readable, lacks a column or disagrees with meta/.
    """
    require_no_images(info)
    keys = [each.key for each in info.columns]
    lengths = np.array([each.length for each in episodes], dtype=np.int64)
    end = np.cumsum(lengths, dtype=np.int64)
    parts: dict[int, dict[str, NDArray[Any]]] = {}
    for each in sorted(episodes, key=lambda each: each.index):  # as they lie in shared files
        parts[each.index] = _columns(files, info, keys, each, tolerance_s)
    ordered = [parts[each.index] for each in episodes]
    return Rows(
        columns={key: _joined([part[key] for part in ordered], info, key) for key in keys},
        episodes=tuple(episodes),
        first=end - lengths,
        end=end,
    )


def require_no_images(info: Info) -> None:
    """Refuse images among the frames, of which nobody needs more than a check.

    Raises:
        DatasetError: there are some; the feature is named.
    """
    for each in info.columns:
        if each.is_image:
            raise DatasetError(
                f"The feature {each.key} keeps its images in the data files; lerecord reads videos."
            )


def _joined(parts: list[NDArray[Any]], info: Info, key: str) -> NDArray[Any]:
    return np.concatenate(parts) if parts else info.features[key].no_rows


def _columns(
    files: Files, info: Info, keys: list[str], episode: EpisodeRecord, tolerance_s: float
) -> dict[str, NDArray[Any]]:
    path = files.data(episode.index)
    try:
        table = files.frames(episode.index, keys)
        columns = {key: column_of(table, info.features[key]) for key in keys}
    except (pa.ArrowException, ValueError) as error:
        raise DatasetError(
            f"{path} cannot be read ({error}); restore it from a copy, or delete its episode."
        ) from error
    _require_agreement(path, columns, episode)
    apart = np.abs(np.diff(columns["timestamp"].astype(np.float64)) - 1 / info.fps)
    if not (apart <= tolerance_s).all():
        raise DatasetError(
            f"{path} has timestamps that are not 1/{info.fps} s apart within {tolerance_s:g} s; "
            f"{for_dataset('check', path)} names the frames."
        )
    return columns


def _require_agreement(
    path: Path, columns: Mapping[str, NDArray[Any]], episode: EpisodeRecord
) -> None:
    rows = len(columns["episode_index"])
    if rows != episode.length:
        raise DatasetError(
            f"{path} has {counted(rows, 'frame')} and {layout.EPISODES} says {episode.length}; "
            f"{for_dataset('check', path)} lists everything."
        )
    if (columns["episode_index"] != episode.index).any():
        raise DatasetError(f"{path} holds frames of another episode; restore it from a copy.")


def require_known_tasks(rows: Rows, tasks: Mapping[int, str]) -> None:
    """Refuse frames of a task that the dataset does not list.

    Raises:
        DatasetError: there are some.
    """
    for number in np.unique(rows.columns["task_index"]).tolist():
        if number not in tasks:
            raise DatasetError(
                f"Frames have the task_index {number}, which {layout.TASKS} does not have; "
                f"`lerecord check` says which frames."
            )


_LANGUAGE = "language"
"""LeRobot's: a list of annotations for each frame, each annotation an object."""


def _as_objects(values: list[Any]) -> NDArray[Any]:
    """(N,) of any values; equal ones are one, for an annotation stands in each of its frames."""
    known: dict[str, Any] = {}
    found = np.empty(len(values), dtype=object)
    for place, each in enumerate(values):
        found[place] = known.setdefault(repr(each), each)
    return found


def column_of(table: pa.Table, feature: Feature) -> NDArray[Any]:
    """A feature's column: (N,) when its shape is [1], else (N, *shape).

    Raises:
        KeyError: there is none.
        ValueError: a frame has another shape, or no number where info.json says that there is one.
    """
    key, shape = feature.key, feature.shape
    if feature.dtype == _LANGUAGE:
        return _as_objects(table[key].to_pylist())
    values = to_numpy(table, key)
    if values.size != len(values) * math.prod(shape):
        raise ValueError(f"{key}: its frames have a shape of {values.shape[1:]} instead of {shape}")
    # An integer that is missing makes a column of floats.
    if values.dtype.kind not in feature.kinds:
        raise ValueError(f"{key}: its values are {values.dtype} instead of {feature.dtype}")
    return values.reshape(len(values), *(() if shape == (1,) else shape))
