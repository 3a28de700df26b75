"""Statistics, metadata and whatever else stands once in a dataset of v3.0, beside its files."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from lerecord.dataset.format import (
    EpisodeRecord,
    FeatureStats,
    Histogram,
    Stats,
    cameras_of,
    layout,
    metadata,
    read_sidecar,
    stats,
)
from lerecord.dataset.read import Rows, load_rows, require_known_tasks
from lerecord.dataset.storage import NewFolder, Snapshot, further_files
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.file_plan import PlannedFile, places
from lerecord.dataset.v30.files import FileNumber, FullStats
from lerecord.dataset.video import histogram_of, pictures_of
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress

_TOLERANCE_S = 1e-4


class MetadataWriter:
    """Writes what is known once all files of frames and images are planned.

    Args:
        snapshot: of the dataset of v2.1.
        records: of all its episodes.
    """

    def __init__(self, snapshot: Snapshot, records: Sequence[EpisodeRecord]) -> None:
        self._snapshot = snapshot
        self._records = records
        self._info = snapshot.info
        self._files = snapshot.files

    @cached_property
    def rows(self) -> Rows:
        """All frames; raises DatasetError where they disagree with the metadata."""
        rows = load_rows(self._files, self._info, self._records, _TOLERANCE_S)
        require_known_tasks(rows, self._snapshot.tasks())
        return rows

    def write(
        self,
        folder: NewFolder,
        files: Sequence[PlannedFile],
        progress: Progress,
        left_out: Callable[[str], object],
    ) -> None:
        """Write it, info.json as the last of LeRobot's files.

        Args:
            folder: of the new dataset.
            files: with its frames and images.
            progress: told after each episode.
            left_out: told the name of each thing that the new dataset does not have.

        Raises:
            DatasetError: something cannot be read.
        """
        each_stats = self._snapshot.stats()
        where = places(files, [each.length for each in self._records], self._info.fps)
        episodes: list[dict[str, Any]] = []
        histograms: dict[str, Histogram] = {}
        for place, record in enumerate(self._records):
            mine = self._histograms(record)
            full = self._full(each_stats[place], mine, self._slice(place))
            episodes.append(_record_fields(record) | where[place] | _stats_fields(full))
            histograms = {key: histograms.get(key, 0) + each for key, each in mine.items()}
            self._take_sidecar(folder, record)
            progress(Advance(place + 1, len(self._records), "episodes"))
        total = stats.fold(each_stats)
        assert total is not None
        pq.write_table(
            v30.episodes_table(episodes), folder.place(FileNumber().path(v30.EPISODES_PATH))
        )
        self._write_once(folder, self._full(total, histograms, slice(None)))
        self._take_further_files(folder, left_out)

    def _slice(self, place: int) -> slice:
        return slice(int(self.rows.first[place]), int(self.rows.end[place]))

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

    def _full(
        self, stored: Stats, histograms: Mapping[str, Histogram], rows: slice
    ) -> dict[str, FullStats]:
        """All statistics of some frames, in the order of the features."""
        return {
            key: FullStats.of_pictures(_stored(stored, key), histograms[key])
            if key in histograms
            else FullStats.of_column(self.rows.columns[key][rows])
            for key, feature in self._info.features.items()
            if feature.has_statistics
        }

    def _take_sidecar(self, folder: NewFolder, record: EpisodeRecord) -> None:
        path = self._files.sidecar(record.index)
        if path.exists():
            folder.take(path, layout.capture_file(record.index))

    def _write_once(self, folder: NewFolder, full: Mapping[str, FullStats]) -> None:
        # LeRobot takes tasks of v3.0 by their place in the table.
        tasks = metadata.numbered(self._snapshot.tasks())
        pq.write_table(v30.tasks_table(tasks), folder.place(v30.TASKS))
        folder.put(layout.STATS, v30.stats_bytes(full))
        for name in (layout.HARDWARE, *layout.ANNOTATIONS.values()):
            data = self._snapshot.meta[name]
            if data is not None:
                folder.put(name, data)
        folder.put(layout.INFO, v30.info_bytes(self._info))

    def _take_further_files(self, folder: NewFolder, left_out: Callable[[str], object]) -> None:
        taken, left = further_files([self._snapshot.root])
        for name, path in taken.items():
            folder.copy(path, name)
        for name in left:
            left_out(name)
        for entry in dict.fromkeys(key for record in self._records for key in record.extra):
            left_out(f"{entry} in {layout.EPISODES}")


def _stored(values: Stats, key: str) -> FeatureStats:
    if key not in values:
        raise DatasetError(f"{layout.EPISODES_STATS} lacks {key}; restore it from a copy.")
    return values[key]


def _record_fields(record: EpisodeRecord) -> dict[str, Any]:
    return {"episode_index": record.index, "tasks": list(record.tasks), "length": record.length}


def _stats_fields(values: Mapping[str, FullStats]) -> dict[str, Any]:
    fields = {
        f"stats/{key}/{name}": value
        for key, each in values.items()
        for name, value in each.to_data().items()
    }
    return {**fields, "meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}
