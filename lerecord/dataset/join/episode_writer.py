"""The files of an episode as they are in a new dataset: frames numbered anew, images copied."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from lerecord.dataset.format import (
    NUMBERS,
    EpisodeRecord,
    Info,
    Place,
    Shift,
    Stats,
    Vectors,
    a_persons,
    episode_table,
    has_rollouts,
    layout,
    stats,
    to_numpy,
)
from lerecord.dataset.join.episode_run import EpisodeRun
from lerecord.dataset.read import Files
from lerecord.dataset.video import Extracts
from lerecord.errors import DatasetError
from lerecord.refusals import to_read


class EpisodeWriter:
    """Writes the files of one episode after the other.

    Args:
        info: of the new dataset.
        place: where to write the file that will be at a path in it.
        take: gives the file at such a path the content of another file.
    """

    def __init__(
        self,
        info: Info,
        place: Callable[[str], Path],
        take: Callable[[Path, str], object],
    ) -> None:
        self._info = info
        self._place = place
        self._take = take
        self._extracts = Extracts(info.fps)

    def add(self, run: EpisodeRun, files: Files, shift: Shift, record: EpisodeRecord) -> Stats:
        """Write the files of an episode.

        Args:
            run: what it belongs to.
            files: of that dataset.
            shift: what its numbers become.
            record: as it stands there.

        Returns:
            Its statistics in the new dataset.

        Raises:
            DatasetError: a file cannot be read, or is not as long as meta/ says.
        """
        index = shift.episode + record.index
        values = self._add_table(run, files, shift, record)
        for key in run.stored.info.camera_keys:
            segment, target = files.video(record.index, key), layout.video_file(index, key)
            if segment.to_s is None:
                self._take(segment.path, target)
            else:
                self._extracts.write(record, key, segment, self._place(target))
        capture = files.sidecar(record.index)
        if capture.exists():  # a dataset that LeRobot recorded has none
            self._take(capture, layout.capture_file(index))
        return values

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
        target = self._place(layout.data_file(shift.episode + record.index))
        values = shift.renumbered_stats(run.stats[record.index], columns)
        if as_a_persons:
            read = episode_table.entire(table, path)
            return values | _write_as_a_persons(read, target, numbers, self._info.fps)
        for key, each in numbers.items():
            table = table.set_column(keys.index(key), table.schema.field(key), pa.array(each))
        pq.write_table(table, target, compression="snappy")
        return values


def _write_as_a_persons(
    read: Vectors, target: Path, numbers: Mapping[str, NDArray[np.int64]], fps: int
) -> Stats:
    """Write the frames of a demonstration with the columns of rollouts; the statistics of these."""
    whole = replace(read, extras=a_persons(len(read), read.action.shape[1]))
    first = {key: int(values[0]) for key, values in numbers.items()}
    place = Place(first["episode_index"], first["index"], first["task_index"], fps)
    episode_table.write_episode(target, whole.at(place))
    return {key: stats.of_column(column) for key, column in whole.extras.items()}
