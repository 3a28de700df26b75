"""Statistics, metadata and whatever else stands once in a dataset of v3.0, beside its files."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset.format import EpisodeRecord, Histogram, layout, metadata, stats
from lerecord.dataset.storage import NewFolder, Snapshot, further_files
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.episode_statistics import EpisodeStatistics, added, full_stats
from lerecord.dataset.v30.file_plan import PlannedFile, places_of
from lerecord.dataset.v30.files import FileNumber, FullStats
from lerecord.dataset.v30.frames import Frames

_ROWS_AT_ONCE = 1000
_OWN_PLACE = {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}


class MetadataWriter:
    """Writes what is known once all files of frames and images are planned.

    Args:
        snapshot: of the dataset of v2.1.
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

    def write(
        self,
        folder: NewFolder,
        files: Sequence[PlannedFile],
        statistics: Iterable[EpisodeStatistics],
        left_out: Callable[[str], object],
    ) -> None:
        """Write it, info.json as the last of LeRobot's files.

        Args:
            folder: of the new dataset.
            files: with its frames and images.
            statistics: of all episodes, in their order.
            left_out: told the name of each thing that the new dataset does not have.

        Raises:
            DatasetError: something cannot be read.
        """
        histograms = self._write_episodes(folder, files, statistics)
        for record in self._records:
            self._take_sidecar(folder, record)
        total = stats.fold(self._snapshot.stats())
        assert total is not None
        columns = self._frames.everything().columns
        self._write_once(folder, full_stats(self._info, total, histograms, columns))
        self._take_further_files(folder, left_out)

    def _write_episodes(
        self,
        folder: NewFolder,
        files: Sequence[PlannedFile],
        statistics: Iterable[EpisodeStatistics],
    ) -> Mapping[str, Histogram]:
        """Write meta/episodes; the histograms of all images."""
        places = iter(places_of(files, [each.length for each in self._records], self._info.fps))
        records = iter(self._records)
        tables: list[pa.Table] = []
        rows: list[dict[str, Any]] = []
        histograms: dict[str, Histogram] = {}
        for each in statistics:
            rows += [
                {**_record_fields(next(records)), **next(places), **fields, **_OWN_PLACE}
                for fields in each.fields
            ]
            if len(rows) >= _ROWS_AT_ONCE:  # in a table they take a fifth of the memory
                tables.append(v30.episodes_table(rows))
                rows = []
            histograms = added(histograms, each.histograms)
        tables += [v30.episodes_table(rows)] if rows else []
        table = pa.concat_tables(tables).combine_chunks()
        pq.write_table(table, folder.place(FileNumber().path(v30.EPISODES_PATH)))
        return histograms

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


def _record_fields(record: EpisodeRecord) -> dict[str, Any]:
    return {"episode_index": record.index, "tasks": list(record.tasks), "length": record.length}
