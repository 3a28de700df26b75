"""Statistics of v3.0 of some episodes: those of each, and counts that can be added up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import (
    EpisodeRecord,
    FeatureStats,
    Histogram,
    Info,
    Stats,
    cameras_of,
    layout,
    read_sidecar,
)
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30.files import FullStats
from lerecord.dataset.v30.frames import Frames
from lerecord.dataset.video import histogram_of, pictures_of
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeStatistics:
    """Of some episodes that follow each other.

    Attributes:
        fields: what meta/episodes says of each.
        histograms: of all images of a camera, by its key.
    """

    fields: Sequence[Mapping[str, Any]]
    histograms: Mapping[str, Histogram]

    def to_data(self) -> dict[str, Any]:
        """As JSON knows it, which keeps every number."""
        histograms = {key: each.tolist() for key, each in self.histograms.items()}
        return {"fields": list(self.fields), "histograms": histograms}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "EpisodeStatistics":
        """The inverse."""
        histograms = {key: np.array(each, np.int64) for key, each in data["histograms"].items()}
        return cls(data["fields"], histograms)


class StatisticsReader:
    """Finds them in the files of a dataset of v2.1.

    Args:
        snapshot: of it.
        records: of all its episodes.
        frames: of all its episodes.
    """

    def __init__(
        self, snapshot: Snapshot, records: Sequence[EpisodeRecord], frames: Frames
    ) -> None:
        self._snapshot = snapshot
        self._records = records
        self._frames = frames
        self._info = snapshot.info
        self._files = snapshot.files

    def of(self, episodes: Iterable[int]) -> EpisodeStatistics:
        """Of some episodes.

        Raises:
            DatasetError: something cannot be read, or is missing.
        """
        fields = []
        total: dict[str, Histogram] = {}
        for episode in episodes:
            mine = self._histograms(self._records[episode])
            full = full_stats(self._info, self._stats[episode], mine, self._frames.of(episode))
            fields.append(_fields(full))
            total = added(total, mine)
        return EpisodeStatistics(fields, total)

    @cached_property
    def _stats(self) -> Sequence[Stats]:
        return self._snapshot.stats()

    def _histograms(self, record: EpisodeRecord) -> dict[str, Histogram]:
        """Of an episode's images, by camera: as captured, or decoded when that is lost."""
        sidecar = self._files.sidecar(record.index)
        if sidecar.exists():
            cameras = cameras_of(self._info)
            tracks = read_sidecar(sidecar, cameras).tracks
            return {each.key: tracks[each.name].histogram for each in cameras}
        paths = {key: self._files.video(record.index, key).path for key in self._info.camera_keys}
        none = np.zeros((3, 256), np.int64)
        return {key: sum(map(histogram_of, pictures_of(each)), none) for key, each in paths.items()}


def added(total: Mapping[str, Histogram], more: Mapping[str, Histogram]) -> dict[str, Histogram]:
    """The histograms of all images, by camera."""
    return {key: total[key] + each if key in total else each for key, each in more.items()}


def full_stats(
    info: Info,
    stored: Stats,
    histograms: Mapping[str, Histogram],
    columns: Mapping[str, NDArray[Any]],
) -> dict[str, FullStats]:
    """All statistics of some frames, in the order of the features.

    Args:
        info: of the dataset.
        stored: the statistics of v2.1.
        histograms: of each camera's images.
        columns: of the frames.

    Raises:
        DatasetError: those of a camera are not stored.
    """
    return {
        key: FullStats.of_pictures(stored_of(stored, key), histograms[key])
        if key in histograms
        else FullStats.of_column(columns[key])
        for key, feature in info.features.items()
        if feature.has_statistics
    }


def stored_of(values: Stats, key: str) -> FeatureStats:
    """The statistics of v2.1 of a camera; raises DatasetError where there are none."""
    if key not in values:
        raise DatasetError(f"{layout.EPISODES_STATS} lacks {key}; restore it from a copy.")
    return values[key]


def _fields(values: Mapping[str, FullStats]) -> dict[str, Any]:
    return {
        f"stats/{key}/{name}": value
        for key, each in values.items()
        for name, value in each.to_data().items()
    }
