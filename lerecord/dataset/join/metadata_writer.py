"""The metadata of a new dataset, written as its episodes come; memory does not grow with them."""

from collections.abc import Callable, Sequence
from pathlib import Path

from lerecord.dataset.format import (
    Annotations,
    EpisodeRecord,
    Info,
    Stats,
    annotation_lines,
    layout,
    metadata,
    stats,
)

_AT_ONCE = 500  # episodes whose lines and statistics are kept until they are written


class MetadataWriter:
    """Writes the files below meta/ and those of annotations; info.json is the last.

    Args:
        place: where to write the file that will be at a path in the dataset.
    """

    def __init__(self, place: Callable[[str], Path]) -> None:
        self._place = place
        self._paths: dict[str, Path] = {}
        self._records: list[EpisodeRecord] = []
        self._stats: list[Stats] = []
        self._annotations: list[tuple[int, Annotations]] = []
        self._total: Stats | None = None
        self._written = 0
        self.frames = 0
        """Of all episodes so far."""

    @property
    def episodes(self) -> int:
        """How many there are so far."""
        return self._written + len(self._records)

    def add(self, record: EpisodeRecord, values: Stats, annotations: Annotations) -> None:
        """Add the next episode."""
        self._records.append(record)
        self._stats.append(values)
        self._annotations.append((record.index, annotations))
        self.frames += record.length
        if len(self._records) >= _AT_ONCE:
            self._flush()

    def finish(self, info: Info, tasks: Sequence[str], hardware: bytes | None) -> None:
        """Write what stands once in a dataset.

        Args:
            info: its info.json.
            tasks: by task_index.
            hardware: its meta/hardware.json, if the rig is known.
        """
        self._flush()
        self._put(layout.TASKS, b"".join(metadata.task_line(*each) for each in enumerate(tasks)))
        if self._total is not None:
            self._put(layout.STATS, metadata.stats_bytes(self._total))
        if hardware is not None:
            self._put(layout.HARDWARE, hardware)
        self._put(layout.INFO, info.to_bytes())

    def _flush(self) -> None:
        numbered = zip(self._records, self._stats, strict=True)
        lines = [metadata.stats_line(record.index, values) for record, values in numbered]
        self._append(layout.EPISODES, b"".join(each.to_line() for each in self._records))
        self._append(layout.EPISODES_STATS, b"".join(lines))
        for name, data in annotation_lines(self._annotations).items():
            if data:
                self._append(name, data)
        before = [] if self._total is None else [self._total]
        self._total = stats.fold([*before, *self._stats])
        self._written += len(self._records)
        for each in (self._records, self._stats, self._annotations):
            each.clear()

    def _append(self, name: str, data: bytes) -> None:
        new = name not in self._paths
        if new:
            self._paths[name] = self._place(name)
        with self._paths[name].open("wb" if new else "ab") as file:
            file.write(data)

    def _put(self, name: str, data: bytes) -> None:
        self._place(name).write_bytes(data)
