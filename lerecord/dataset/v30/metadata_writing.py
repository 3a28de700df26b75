"""Statistics, metadata and whatever else stands once in a dataset of v3.0, beside its files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.dataset.format import EpisodeRecord, Histogram, layout, metadata, stats
from lerecord.dataset.read import column_of
from lerecord.dataset.storage import NewFolder, Snapshot, further_files
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30 import long_columns
from lerecord.dataset.v30.episode_statistics import EpisodeStatistics, added, stored_of
from lerecord.dataset.v30.file_plan import PlannedFile, places_of
from lerecord.dataset.v30.files import FileNumber, FullStats

_ROWS_AT_ONCE = 1000
_FRAMES_AT_ONCE = 1 << 13
_OWN_PLACE = {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}


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
        self._write_once(folder, self._full_stats(folder, files, histograms))
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

    def _full_stats(
        self, folder: NewFolder, files: Sequence[PlannedFile], histograms: Mapping[str, Histogram]
    ) -> Mapping[str, FullStats]:
        """The statistics of all frames: more than fit into memory are read from their files."""
        wanted = [key for key, each in self._info.features.items() if each.has_statistics]
        paths = [folder.draft / each.name for each in files if not each.key]
        columns = long_columns.of_columns(
            lambda keys: self._parts(paths, keys),
            [key for key in wanted if key not in histograms],
            sum(each.length for each in self._records),
        )
        stored = stats.fold(self._snapshot.stats()) if histograms else None
        pictures = {
            key: FullStats.of_pictures(stored_of(stored or {}, key), each)
            for key, each in histograms.items()
        }
        return {key: (pictures if key in histograms else columns)[key] for key in wanted}

    def _parts(
        self, paths: Sequence[Path], keys: Sequence[str]
    ) -> Iterator[Mapping[str, NDArray[Any]]]:
        for path in paths:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_FRAMES_AT_ONCE, columns=list(keys)):
                    table = pa.Table.from_batches([batch])
                    yield {key: column_of(table, self._info.features[key]) for key in keys}

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
