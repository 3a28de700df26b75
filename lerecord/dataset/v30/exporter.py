"""From LeRobot v2.1 to a new dataset of v3.0, the layout of LeRobot 0.4 and later."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset.format import (
    DatasetVersionError,
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
from lerecord.dataset.read import load_rows, require_known_tasks
from lerecord.dataset.storage import (
    NewFolder,
    Probe,
    Snapshot,
    further_files,
    ignored,
    unobserved,
)
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.files import FileNumber, FullStats
from lerecord.dataset.verify import require_sound
from lerecord.dataset.video import Clip, concatenate, header_of, histogram_of, is_depth, pictures_of
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent

_TOLERANCE_S = 1e-4


@dataclass(frozen=True, slots=True)
class Exporting:
    """How a dataset is exported.

    Attributes:
        progress: told after each episode.
        left_out: told the name of each thing that the new dataset does not have.
        probe: told what comes next, for tests.
        data_file_mb: size that a parquet file stays below.
        video_file_mb: size that an mp4 stays below.
        is_sound: the dataset was checked just now, and need not be once more.
    """

    progress: Progress = silent
    left_out: Callable[[str], object] = ignored
    probe: Probe = unobserved
    data_file_mb: float = v30.DATA_FILE_MB
    video_file_mb: float = v30.VIDEO_FILE_MB
    is_sound: bool = False


_AS_GIVEN = Exporting()


def export_v30(root: Path, out: Path, how: Exporting = _AS_GIVEN) -> int:
    """Make a dataset of v3.0 of one of v2.1, which stays as it is.

    Frames are one row group an episode, images are copied without encoding again, statistics have
    the quantiles of every frame and pixel. The rig and the capture sidecars go along.

    Args:
        root: the dataset of v2.1.
        out: the new dataset's folder; nothing is there yet.
        how: progress and sizes.

    Returns:
        How many episodes it has.

    Raises:
        DatasetError: the dataset cannot be read, has no episode, changes meanwhile, or the disk
            refuses.
    """
    snapshot = _snapshot(root)
    if not snapshot.info.episodes:
        raise DatasetError(f"{root} has no episode; record one before it is exported.")
    if depth := [each.key for each in snapshot.info.videos if is_depth(each)]:
        raise DatasetError(
            f"{depth[0]} is a depth camera, and lerecord does not know how LeRobot counts depth in "
            f"the statistics of v3.0; export the dataset with LeRobot."
        )
    if not how.is_sound:
        require_sound([root])
    with NewFolder(out, how.probe) as folder:
        _Export(folder, snapshot, how).run()
        snapshot.require_unchanged()
        folder.commit(keep_private=False)
    return snapshot.info.episodes


def _snapshot(root: Path) -> Snapshot:
    try:
        return Snapshot.of(root)
    except DatasetVersionError as error:
        if error.version != v30.CODEBASE_VERSION:
            raise
        raise DatasetError(
            f"{root} is of version {error.version} already; use it as it is."
        ) from error


@dataclass(slots=True, eq=False)
class _VideoFile:
    """An mp4 to be: clips of one header."""

    number: FileNumber
    header: tuple[str, bytes]
    clips: list[Clip] = field(default_factory=list)
    size_bytes: int = 0
    pictures: int = 0


class _Export:
    """Writes the new dataset."""

    def __init__(self, folder: NewFolder, snapshot: Snapshot, how: Exporting) -> None:
        self._folder = folder
        self._snapshot = snapshot
        self._how = how
        self._info = snapshot.info
        # LeRobot takes tasks of v3.0 by their place in the table.
        self._tasks = metadata.numbered(snapshot.tasks())
        self._records = snapshot.episodes()
        self._stats = snapshot.stats()
        self._files = snapshot.files
        self._rows = load_rows(self._files, self._info, self._records, _TOLERANCE_S)
        require_known_tasks(self._rows, snapshot.tasks())

    def run(self) -> None:
        placed: list[dict[str, Any]] = [_record_fields(record) for record in self._records]
        self._add(placed, self._write_data())
        for key in self._info.camera_keys:
            self._add(placed, self._write_videos(key))
        histograms: dict[str, Histogram] = {}
        for place, record in enumerate(self._records):
            mine = self._histograms(record)
            placed[place] |= _stats_fields(self._full(self._stats[place], mine, self._slice(place)))
            placed[place] |= {"meta/episodes/chunk_index": 0, "meta/episodes/file_index": 0}
            histograms = {key: histograms.get(key, 0) + each for key, each in mine.items()}
            self._take_sidecar(record)
            self._how.progress(Advance(place + 1, len(self._records), "episodes"))
        self._write_metadata(placed, histograms)

    @staticmethod
    def _add(placed: list[dict[str, Any]], more: Iterator[dict[str, Any]]) -> None:
        for fields, new in zip(placed, more, strict=True):
            fields.update(new)

    def _slice(self, place: int) -> slice:
        return slice(int(self._rows.first[place]), int(self._rows.end[place]))

    def _write_data(self) -> Iterator[dict[str, Any]]:
        """Write the frames, and say of each episode where they are."""
        number = FileNumber()
        schema: pa.Schema | None = None
        size = 0
        with ExitStack() as stack:
            writer: pq.ParquetWriter | None = None
            for place, record in enumerate(self._records):
                table = self._files.frames(record.index, list(self._rows.columns))
                schema = table.schema if schema is None else schema
                if writer is not None and size + table.nbytes >= self._how.data_file_mb * v30.MB:
                    stack.pop_all().close()
                    writer, number, size = None, number.next(), 0
                if writer is None:
                    path = self._folder.place(number.path(v30.DATA_PATH))
                    writer = stack.enter_context(
                        pq.ParquetWriter(path, schema, compression="snappy")
                    )
                writer.write_table(table.cast(schema), row_group_size=len(table))
                size += table.nbytes
                rows = self._slice(place)
                yield {
                    "data/chunk_index": number.chunk,
                    "data/file_index": number.file,
                    "dataset_from_index": rows.start,
                    "dataset_to_index": rows.stop,
                }

    def _write_videos(self, key: str) -> Iterator[dict[str, Any]]:
        """Write the videos of a camera, and say of each episode where its images are."""
        files: list[_VideoFile] = []
        for record in self._records:
            file = self._file_for(key, record, files)
            start = file.pictures
            file.pictures += record.length
            yield {
                f"videos/{key}/chunk_index": file.number.chunk,
                f"videos/{key}/file_index": file.number.file,
                f"videos/{key}/from_timestamp": start / self._info.fps,
                f"videos/{key}/to_timestamp": file.pictures / self._info.fps,
            }
        for file in files:
            target = self._folder.place(file.number.path(v30.VIDEO_PATH, key))
            concatenate(file.clips, target, self._info.fps)

    def _file_for(self, key: str, record: EpisodeRecord, files: list[_VideoFile]) -> _VideoFile:
        """The file that an episode's images go to; a new one when the last must not grow."""
        path = self._files.video(record.index, key).path
        header = header_of(path)
        size = path.stat().st_size
        last = files[-1] if files else None
        if (
            last is None
            or last.header != header
            or last.size_bytes + size >= self._how.video_file_mb * v30.MB
            or last.pictures + record.length > v30.VIDEO_FILE_S * self._info.fps
        ):
            number = FileNumber() if last is None else last.number.next()
            last = _VideoFile(number, header)
            files.append(last)
        last.clips.append(Clip(path, record.length))
        last.size_bytes += size
        return last

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
            else FullStats.of_column(self._rows.columns[key][rows])
            for key, feature in self._info.features.items()
            if feature.has_statistics
        }

    def _take_sidecar(self, record: EpisodeRecord) -> None:
        path = self._files.sidecar(record.index)
        if path.exists():
            self._folder.take(path, layout.capture_file(record.index))

    def _write_metadata(
        self, episodes: Sequence[Mapping[str, Any]], histograms: Mapping[str, Histogram]
    ) -> None:
        folder = self._folder
        table = v30.episodes_table(episodes)
        pq.write_table(table, folder.place(FileNumber().path(v30.EPISODES_PATH)))
        pq.write_table(v30.tasks_table(self._tasks), folder.place(v30.TASKS))
        total = stats.fold(self._stats)
        assert total is not None
        full = self._full(total, histograms, slice(None))
        folder.put(layout.STATS, v30.stats_bytes(full))
        for name in (layout.HARDWARE, *layout.ANNOTATIONS.values()):
            data = self._snapshot.meta[name]
            if data is not None:
                folder.put(name, data)
        folder.put(layout.INFO, v30.info_bytes(self._info))
        self._take_further_files()

    def _take_further_files(self) -> None:
        taken, left = further_files([self._snapshot.root])
        for name, path in taken.items():
            self._folder.copy(path, name)
        for name in left:
            self._how.left_out(name)
        for entry in dict.fromkeys(key for record in self._records for key in record.extra):
            self._how.left_out(f"{entry} in {layout.EPISODES}")


def _stored(values: Stats, key: str) -> FeatureStats:
    if key not in values:
        raise DatasetError(f"{layout.EPISODES_STATS} lacks {key}; restore it from a copy.")
    return values[key]


def _record_fields(record: EpisodeRecord) -> dict[str, Any]:
    return {"episode_index": record.index, "tasks": list(record.tasks), "length": record.length}


def _stats_fields(values: Mapping[str, FullStats]) -> dict[str, Any]:
    return {
        f"stats/{key}/{name}": value
        for key, each in values.items()
        for name, value in each.to_data().items()
    }
