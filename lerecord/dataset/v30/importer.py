"""From LeRobot v3.0, the layout of LeRobot 0.4 and later, to a new dataset of v2.1."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.dataset.format import (
    EpisodeRecord,
    Fields,
    Info,
    Stats,
    cameras_of,
    layout,
    metadata,
    read_meta_file,
    read_parquet,
    read_sidecar,
    require_flat,
    spec_of,
    stats,
)
from lerecord.dataset.storage import (
    NewFolder,
    Probe,
    column_of,
    further_files,
    ignored,
    unobserved,
)
from lerecord.dataset.v30 import files
from lerecord.dataset.v30.source import DatasetV30, Episode, files_seen
from lerecord.dataset.video import Extract, VideoIndex, index_of, pictures_from
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent
from lerecord.refusals import to_read

_HUGGINGFACE = b"huggingface"


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
    before = files_seen(root)
    source = DatasetV30.load(root)
    with NewFolder(out, how.probe) as folder:
        imported = _Import(folder, source, how).run()
        if files_seen(root) != before:
            raise DatasetError(
                f"{root} was changed while it was read; try again when nothing writes into it."
            )
        folder.commit()
    return imported


class _Import:
    """Writes the new dataset."""

    def __init__(self, folder: NewFolder, source: DatasetV30, how: Importing) -> None:
        self._folder = folder
        self._source = source
        self._how = how
        self._table: tuple[Path, pa.Table] | None = None
        self._records = [self._named(each) for each in source.episodes]
        self._tasks = metadata.first_appearances([each.tasks for each in self._records])
        self._rows = 0
        self._index: dict[str, tuple[Path, VideoIndex]] = {}
        self._encoded = 0

    def run(self) -> Imported:
        each: list[Stats] = []
        for number, episode in enumerate(self._source.episodes):
            each.append(self._add_table(episode))
            for key in episode.spans:
                self._add_video(episode, key)
            self._take(layout.capture_file(episode.record.index))
            self._how.progress(Advance(number + 1, len(self._records), "episodes"))
        return Imported(self._finish(each), self._encoded)

    def _add_table(self, episode: Episode) -> Stats:
        table = self._rows_of(episode)
        numbers = np.arange(self._rows, self._rows + len(table))
        self._rows += len(table)
        for key, values in (("index", numbers), ("task_index", self._tasks_of(episode, table))):
            place = table.column_names.index(key)
            table = table.set_column(place, table.schema.field(place), pa.array(values))
        target = self._folder.place(layout.data_file(episode.record.index))
        pq.write_table(table, target, compression="snappy")
        return self._stats(episode, table)

    def _named(self, episode: Episode) -> EpisodeRecord:
        """Its line; LeRobot asks the frames for the tasks, so the list of them may be missing."""
        record = episode.record
        if record.tasks:
            return record
        numbers = self._column(episode, self._rows_of(episode), "task_index")
        known = dict(enumerate(self._source.tasks))
        tasks = dict.fromkeys(known[each] for each in numbers.tolist() if each in known)
        return replace(record, tasks=tuple(tasks))

    def _tasks_of(self, episode: Episode, table: pa.Table) -> NDArray[np.int64]:
        """The new task_index of each frame."""
        numbers = self._column(episode, table, "task_index")
        tasks = self._records[episode.record.index].tasks
        known = {
            number: self._tasks.index(task)
            for number, task in enumerate(self._source.tasks)
            if task in tasks
        }
        if strange := set(numbers.tolist()) - known.keys():
            raise DatasetError(
                f"{episode.data} has frames of task {min(strange)}, which is none of episode "
                f"{episode.record.index}; restore it."
            )
        return np.array([known[number] for number in numbers.tolist()], dtype=np.int64)

    def _rows_of(self, episode: Episode) -> pa.Table:
        """The frames of an episode; the file that they are in is kept for the next."""
        if self._table is None or self._table[0] != episode.data:
            keys = [each.key for each in self._source.info.columns]
            self._table = episode.data, _for_any_datasets(read_parquet(episode.data, keys))
        table = self._table[1]
        rows = table.filter(pc.field("episode_index") == episode.record.index)
        if len(rows) != episode.record.length:
            raise DatasetError(
                f"{episode.data} has {len(rows)} frames of episode {episode.record.index} instead "
                f"of {episode.record.length}; restore it."
            )
        return rows.combine_chunks()

    def _column(self, episode: Episode, table: pa.Table, key: str) -> NDArray[Any]:
        try:
            return column_of(table, self._source.info.features[key])
        except ValueError as error:
            raise DatasetError(
                f"{episode.data} cannot be read ({error}); {to_read(error)}."
            ) from error

    def _stats(self, episode: Episode, table: pa.Table) -> Stats:
        """Of the frames computed anew, to be exact; of images as they are stored."""
        found: Stats = {}
        for key, feature in self._source.info.features.items():
            if feature.is_vector:
                found[key] = stats.of_column(self._column(episode, table, key))
            elif key in episode.stats:
                found[key] = episode.stats[key]
            elif key in episode.spans:
                raise DatasetError(
                    f"meta/episodes of {self._source.root} lacks the statistics of {key} in "
                    f"episode {episode.record.index}; restore it."
                )
        return found

    def _add_video(self, episode: Episode, key: str) -> None:
        span, record, fps = episode.spans[key], episode.record, self._source.info.fps
        if key not in self._index or self._index[key][0] != span.path:
            self._index[key] = span.path, index_of(span.path)
        index = self._index[key][1]
        rows = pictures_from(index, span.start_s, record.length, fps)
        if rows is None:
            raise DatasetError(
                f"{span.path} has not an image for each frame of episode {record.index} from "
                f"{span.start_s:g} s on; restore it."
            )
        target = self._folder.place(layout.video_file(record.index, key))
        self._encoded += Extract(span.path, index, rows, fps).write(target)

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
        taken, left = further_files([self._source.root], files.OF_META)
        for name, path in taken.items():
            self._folder.copy(path, name)
        for name in (*left, *(f"{each} in meta/episodes" for each in self._source.further)):
            self._how.left_out(name)


def _for_any_datasets(table: pa.Table) -> pa.Table:
    """The table with the features' types under names that every release of `datasets` reads."""
    told = (table.schema.metadata or {}).get(_HUGGINGFACE)
    if told is None or b'"List"' not in told:
        return table
    values = Fields.parsed(told, "The table's metadata").values
    require_flat(values, "The table's metadata")
    data = json.dumps(_renamed(values)).encode()
    return table.replace_schema_metadata({**table.schema.metadata, _HUGGINGFACE: data})


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        renamed = {key: _renamed(each) for key, each in value.items()}
        return {**renamed, "_type": "Sequence"} if value.get("_type") == "List" else renamed
    return [_renamed(each) for each in value] if isinstance(value, list) else value
