"""A new dataset of episodes of others: frames numbered anew, videos never encoded again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.dataset.format import (
    NUMBERS,
    ROLLOUT_FEATURES,
    Annotations,
    EpisodeRecord,
    Info,
    Part,
    Place,
    Shift,
    Stats,
    Vectors,
    a_persons,
    annotation_lines,
    episode_table,
    has_rollouts,
    joined,
    layout,
    metadata,
    read_annotations,
    stats,
    to_numpy,
)
from lerecord.dataset.read import Files, Stored
from lerecord.dataset.storage import (
    NewFolder,
    Probe,
    further_files,
    ignored,
    unobserved,
)
from lerecord.dataset.video import Extracts
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent
from lerecord.refusals import to_read


@dataclass(frozen=True, slots=True)
class Watched:
    """Who is told while a dataset is made.

    Attributes:
        progress: told after each episode.
        left_out: told the name of each thing that the new dataset does not have.
        probe: told what comes next, for tests.
    """

    progress: Progress = silent
    left_out: Callable[[str], object] = ignored
    probe: Probe = unobserved


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeRun:
    """Episodes of a dataset that follow each other; statistics and annotations are all of it."""

    stored: Stored
    part: Part
    stats: Sequence[Stats]
    annotations: dict[int, Annotations]

    @classmethod
    def whole(cls, stored: Stored) -> Self:
        """All episodes of a dataset.

        Raises:
            DatasetError: its meta/ is not whole.
        """
        return cls(
            stored,
            Part(stored.tasks(), stored.episodes()),
            stored.stats(),
            read_annotations(stored.meta.__getitem__),
        )

    def only(self, episodes: Sequence[int]) -> Iterator[Self]:
        """Of all episodes these, which ascend; those that follow each other stay together."""
        records = self.part.episodes
        first = np.cumsum([0, *(each.length for each in records)]).tolist()
        breaks = [i for i in range(1, len(episodes)) if episodes[i] != episodes[i - 1] + 1]
        for begin, end in pairwise((0, *breaks, len(episodes))):
            chosen = [records[index] for index in episodes[begin:end]]
            yield replace(self, part=Part(self.part.tasks, chosen, first[episodes[begin]]))


class Assembly:
    """Writes the new dataset.

    Args:
        folder: where.
        runs: its episodes, in their order.
        how: who is told.
        own_files: no file is shared with the datasets that it comes from.
    """

    def __init__(
        self,
        folder: NewFolder,
        runs: Sequence[EpisodeRun],
        how: Watched,
        own_files: bool = False,
    ) -> None:
        self._folder = folder
        self._runs = runs
        self._how = how
        self._take = folder.copy if own_files else folder.take
        self._tasks, self._shifts = joined([run.part for run in runs])
        self._info = _widest([run.stored.info for run in runs])
        self._extracts = Extracts(self._info.fps)
        self._records: list[EpisodeRecord] = []
        self._stats: list[Stats] = []
        self._annotations: list[tuple[int, Annotations]] = []

    def run(self) -> Info:
        """Write every file; the folder is still to be committed.

        Raises:
            DatasetError: a file cannot be read, or is not as long as meta/ says.
        """
        total = sum(len(run.part.episodes) for run in self._runs)
        for run, shift in zip(self._runs, self._shifts, strict=True):
            files = run.stored.files
            for record in run.part.episodes:
                self._add(run, files, shift, record)
                self._how.progress(Advance(len(self._records), total, "episodes"))
        return self._finish()

    def _add(self, run: EpisodeRun, files: Files, shift: Shift, record: EpisodeRecord) -> None:
        index = shift.episode + record.index
        self._stats.append(self._add_table(run, files, shift, record))
        self._records.append(replace(record, index=index))
        for key in run.stored.info.camera_keys:
            segment, target = files.video(record.index, key), layout.video_file(index, key)
            if segment.to_s is None:
                self._take(segment.path, target)
            else:
                self._extracts.write(record, key, segment, self._folder.place(target))
        capture = files.sidecar(record.index)
        if capture.exists():  # a dataset that LeRobot recorded has none
            self._take(capture, layout.capture_file(index))
        self._annotations.append((index, run.annotations.get(record.index, {})))

    def _add_table(
        self, run: EpisodeRun, files: Files, shift: Shift, record: EpisodeRecord
    ) -> Stats:
        path = files.data(record.index)
        has = run.stored.info.features
        as_a_persons = has_rollouts(self._info.features) and not has_rollouts(has)
        try:
            keys = [each.key for each in self._info.columns if each.key in has]
            table = files.frames(record.index, None if as_a_persons else keys, record.length)
            columns = {key: to_numpy(table, key) for key in NUMBERS}
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
        numbers = shift.renumbered(columns)
        target = self._folder.place(layout.data_file(shift.episode + record.index))
        values = shift.renumbered_stats(run.stats[record.index], columns)
        if as_a_persons:
            read = episode_table.entire(table, path)
            return values | _write_as_a_persons(read, target, numbers, self._info.fps)
        for key, each in numbers.items():
            table = table.set_column(keys.index(key), table.schema.field(key), pa.array(each))
        pq.write_table(table, target, compression="snappy")
        return values

    def _finish(self) -> Info:
        info = replace(
            self._info,
            episodes=len(self._records),
            frames=sum(each.length for each in self._records),
            tasks=len(self._tasks),
        )
        for name, lines in self._lines().items():
            self._folder.put(name, b"".join(lines))
        for name, data in annotation_lines(self._annotations).items():
            if data:
                self._folder.put(name, data)
        total = stats.fold(self._stats)
        if total is not None:
            self._folder.put(layout.STATS, metadata.stats_bytes(total))
        rigs = (run.stored.meta[layout.HARDWARE] for run in self._runs)
        known = next((rig for rig in rigs if rig is not None), None)
        if known is not None:
            self._folder.put(layout.HARDWARE, known)
        self._folder.put(layout.INFO, info.to_bytes())
        self._take_further_files()
        return info

    def _take_further_files(self) -> None:
        taken, left = further_files([run.stored.root for run in self._runs])
        for name, path in taken.items():
            self._folder.copy(path, name)
        further = (name for run in self._runs for name in run.stored.left_out)
        for name in dict.fromkeys((*left, *further)):
            self._how.left_out(name)
        extra = self._info.extra
        for run in self._runs[1:]:
            for key, value in run.stored.info.extra.items():
                if extra.get(key) != value:
                    self._how.left_out(f"{key} in {run.stored.root / layout.INFO}")

    def _lines(self) -> dict[str, Iterator[bytes]]:
        return {
            layout.TASKS: (metadata.task_line(*each) for each in enumerate(self._tasks)),
            layout.EPISODES: (each.to_line() for each in self._records),
            layout.EPISODES_STATS: (metadata.stats_line(*each) for each in enumerate(self._stats)),
        }


def _widest(infos: Sequence[Info]) -> Info:
    """The first one's, with the columns of rollouts when any of them has these."""
    first = infos[0]
    widest = next((info for info in infos if has_rollouts(info.features)), first)
    further = {key: each for key, each in widest.features.items() if key in ROLLOUT_FEATURES}
    return replace(first, features={**first.features, **further})


def _write_as_a_persons(
    read: Vectors, target: Path, numbers: Mapping[str, NDArray[np.int64]], fps: int
) -> Stats:
    """Write the frames of a demonstration with the columns of rollouts; the statistics of these."""
    whole = replace(read, extras=a_persons(len(read), read.action.shape[1]))
    first = {key: int(values[0]) for key, values in numbers.items()}
    place = Place(first["episode_index"], first["index"], first["task_index"], fps)
    episode_table.write_episode(target, whole.at(place))
    return {key: stats.of_column(column) for key, column in whole.extras.items()}
