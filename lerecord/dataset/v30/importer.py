"""From LeRobot v3.0, the layout of LeRobot 0.4 and later, to a new dataset of v2.1."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.dataset.format import (
    EpisodeRecord,
    Info,
    Stats,
    cameras_of,
    layout,
    metadata,
    read_meta_file,
    read_sidecar,
    spec_of,
    stats,
)
from lerecord.dataset.read import StoredV30, column_of, require_no_images
from lerecord.dataset.storage import NewFolder, Probe, further_files, ignored, unobserved
from lerecord.dataset.video import Extracts
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent
from lerecord.refusals import to_read


@dataclass(frozen=True, slots=True)
class Importing:
    """Who is told.

    Attributes:
        progress: how many episodes are done.
        probe: each effect on the disk, for tests.
        left_out: told the name of each thing that the new dataset does not have.
    """

    progress: Progress = silent
    probe: Probe = unobserved
    left_out: Callable[[str], object] = ignored


_UNWATCHED = Importing()


@dataclass(frozen=True, slots=True)
class Imported:
    """The new dataset's info.json, and how many images had to be encoded once more for it."""

    info: Info
    encoded: int


def import_v30(root: Path, out: Path, how: Importing = _UNWATCHED) -> Imported:
    """Make a dataset of v2.1 of one of v3.0, which stays as it is.

    Each episode gets its own table and videos. Packets are copied; images are only encoded again
    where an episode does not begin with a keyframe. Tasks are numbered by first appearance.
    Statistics of frames are computed anew, those of images are the ones of meta/episodes. A rig and
    capture sidecars that `export_v30` took along come back.

    Args:
        root: the dataset of v3.0.
        out: the new dataset's folder; nothing is there yet.
        how: who is told.

    Raises:
        DatasetError: the dataset is not of v3.0, cannot be read, changes meanwhile, or the disk
            refuses.
    """
    source = StoredV30.of(root)
    require_no_images(source.info)
    with NewFolder(out, how.probe) as folder:
        imported = _Import(folder, source, how).run()
        source.require_unchanged()
        folder.commit()
    return imported


class _Import:
    """Writes the new dataset."""

    def __init__(self, folder: NewFolder, source: StoredV30, how: Importing) -> None:
        self._folder = folder
        self._source = source
        self._how = how
        self._files = source.files
        self._columns = [each.key for each in source.info.columns]
        self._records = source.episodes()
        self._stored_stats = source.stats()
        self._tasks = metadata.first_appearances([each.tasks for each in self._records])
        self._rows = 0
        self._extracts = Extracts(source.info.fps)
        self._encoded = 0

    def run(self) -> Imported:
        each: list[Stats] = []
        for number, record in enumerate(self._records):
            each.append(self._add_table(record))
            for key in self._source.info.camera_keys:
                target = self._folder.place(layout.video_file(record.index, key))
                segment = self._files.video(record.index, key)
                self._encoded += self._extracts.write(record, key, segment, target)
            self._take(layout.capture_file(record.index))
            self._how.progress(Advance(number + 1, len(self._records), "episodes"))
        return Imported(self._finish(each), self._encoded)

    def _add_table(self, record: EpisodeRecord) -> Stats:
        table = self._files.frames(record.index, self._columns, record.length)
        numbers = np.arange(self._rows, self._rows + len(table))
        self._rows += len(table)
        for key, values in (("index", numbers), ("task_index", self._tasks_of(record, table))):
            place = table.column_names.index(key)
            table = table.set_column(place, table.schema.field(place), pa.array(values))
        target = self._folder.place(layout.data_file(record.index))
        pq.write_table(table, target, compression="snappy")
        return self._stats(record, table)

    def _tasks_of(self, record: EpisodeRecord, table: pa.Table) -> NDArray[np.int64]:
        """The new task_index of each frame."""
        numbers = self._column(record, table, "task_index")
        known = {
            number: self._tasks.index(task)
            for number, task in self._source.tasks().items()
            if task in record.tasks
        }
        if strange := set(numbers.tolist()) - known.keys():
            raise DatasetError(
                f"{self._files.data(record.index)} has frames of task {min(strange)}, which is "
                f"none of episode {record.index}; restore it."
            )
        return np.array([known[number] for number in numbers.tolist()], dtype=np.int64)

    def _column(self, record: EpisodeRecord, table: pa.Table, key: str) -> NDArray[Any]:
        try:
            return column_of(table, self._source.info.features[key])
        except ValueError as error:
            raise DatasetError(
                f"{self._files.data(record.index)} cannot be read ({error}); {to_read(error)}."
            ) from error

    def _stats(self, record: EpisodeRecord, table: pa.Table) -> Stats:
        """Of the frames computed anew, to be exact; of images as they are stored."""
        found: Stats = {}
        stored = self._stored_stats[record.index]
        for key, feature in self._source.info.features.items():
            if feature.is_vector:
                found[key] = stats.of_column(self._column(record, table, key))
            elif key in stored:
                found[key] = stored[key]
            elif feature.is_video:
                raise DatasetError(
                    f"meta/episodes of {self._source.root} lacks the statistics of {key} in "
                    f"episode {record.index}; restore it."
                )
        return found

    def _take(self, name: str) -> None:
        path = self._source.root / name
        if path.exists():
            read_sidecar(path, cameras_of(self._source.info))
            self._folder.take(path, name)

    def _keep(self, name: str, read: Callable[[bytes], object]) -> None:
        """Take a file along that can be read: a link may lead to any other file of the user."""
        path = self._source.root / name
        if not path.exists():
            return
        try:
            data = read_meta_file(path, name)
        except OSError as error:
            raise DatasetError(
                f"{path} cannot be read ({error.strerror}); {to_read(error)}."
            ) from error
        read(data)
        self._folder.put(name, data)

    def _finish(self, each: Sequence[Stats]) -> Info:
        folder = self._folder
        lines = {
            layout.TASKS: (metadata.task_line(*task) for task in enumerate(self._tasks)),
            layout.EPISODES: (record.to_line() for record in self._records),
            layout.EPISODES_STATS: (metadata.stats_line(*values) for values in enumerate(each)),
        }
        for name, found in lines.items():
            folder.put(name, b"".join(found))
        total = stats.fold(each)
        if total is not None:
            folder.put(layout.STATS, metadata.stats_bytes(total))
        self._keep(layout.HARDWARE, lambda data: spec_of(self._source.info, data))
        for name in layout.ANNOTATIONS.values():
            self._keep(name, partial(metadata.parse_annotation, name))
        info = replace(
            self._source.info,
            frames=sum(record.length for record in self._records),
            tasks=len(self._tasks),
        )
        folder.put(layout.INFO, info.to_bytes())
        self._take_further_files()
        return info

    def _take_further_files(self) -> None:
        taken, left = further_files([self._source.root])
        for name, path in taken.items():
            self._folder.copy(path, name)
        for name in (*left, *self._source.left_out):
            self._how.left_out(name)
