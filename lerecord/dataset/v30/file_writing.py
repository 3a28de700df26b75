"""Writes one file of a plan at a time, from the files of a dataset of v2.1."""

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset.format import EpisodeRecord
from lerecord.dataset.storage import Snapshot
from lerecord.dataset.v30.file_plan import Part, PlannedFile
from lerecord.dataset.video import Clip, concatenate, header_of

FRAMES = ""
"""The kind of the files that have frames; that of others is their camera's key."""


class FileWriter:
    """Writes the files of a dataset, in whatever order.

    Args:
        snapshot: of the dataset of v2.1.
        records: of all its episodes.
    """

    def __init__(self, snapshot: Snapshot, records: Sequence[EpisodeRecord]) -> None:
        self._files = snapshot.files
        self._records = records
        self._columns = [each.key for each in snapshot.info.columns]
        self._cameras = snapshot.info.camera_keys
        self._fps = snapshot.info.fps

    def parts(self) -> Mapping[str, Sequence[Part]]:
        """What each episode adds to files, by kind.

        Raises:
            DatasetError: a file cannot be read.
        """
        frames = [Part(self._frames(each).nbytes) for each in self._records]
        videos = {key: [self._video(each, key) for each in self._records] for key in self._cameras}
        return {FRAMES: frames, **videos}

    def write(self, file: PlannedFile, path: Path) -> None:
        """Write one file.

        Args:
            file: which.
            path: where; what is there is overwritten.

        Raises:
            DatasetError: an episode cannot be read.
            OSError: the disk refuses.
        """
        records = self._records[file.first : file.end]
        if file.key:
            clips = [Clip(self._path(each, file.key), each.length) for each in records]
            concatenate(clips, path, self._fps)
            return
        with pq.ParquetWriter(path, self._schema, compression="snappy") as writer:
            for record in records:
                table = self._frames(record)
                writer.write_table(table.cast(self._schema), row_group_size=len(table))

    def _frames(self, record: EpisodeRecord) -> pa.Table:
        return self._files.frames(record.index, self._columns)

    @cached_property
    def _schema(self) -> pa.Schema:
        return self._frames(self._records[0]).schema

    def _path(self, record: EpisodeRecord, key: str) -> Path:
        return self._files.video(record.index, key).path

    def _video(self, record: EpisodeRecord, key: str) -> Part:
        path = self._path(record, key)
        codec, header = header_of(path)
        return Part(path.stat().st_size, sys.intern(f"{codec} {header.hex()}"))
