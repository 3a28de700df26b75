"""Several datasets become a new one: frames numbered anew, videos never encoded again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lerecord.dataset.format import (
    NUMBERS,
    Annotations,
    EpisodeRecord,
    Info,
    Part,
    Shift,
    Stats,
    annotation_lines,
    joined,
    layout,
    metadata,
    read_annotations,
    stats,
    to_numpy,
)
from lerecord.dataset.join.compatibility import require_compatible
from lerecord.dataset.storage import (
    NewFolder,
    Probe,
    Snapshot,
    further_files,
    ignored,
    require_unchanged,
    unobserved,
)
from lerecord.dataset.verify import require_sound
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

Progress = Callable[[int, int], None]
"""Told how many episodes are done, of how many."""


@dataclass(frozen=True, slots=True)
class Merging:
    """How datasets are merged.

    Attributes:
        allow_hardware: join rigs whose servo ids or camera rotation differ.
        progress: told after each episode.
        left_out: told the name of each thing that the new dataset does not have.
        probe: told what comes next, for tests.
    """

    allow_hardware: bool = False
    progress: Progress | None = None
    left_out: Callable[[str], object] = ignored
    probe: Probe = unobserved


_AS_GIVEN = Merging()


def merge(out: Path, roots: Sequence[Path], how: Merging = _AS_GIVEN) -> Info:
    """Make one dataset of several; they stay as they are.

    It is there as a whole or not at all. Features and everything that stands once in a dataset are
    the first one's; the rig is that of the first that knows its own. Videos and capture sidecars
    get a second name where the disk allows it, and are copied where it does not.

    Args:
        out: the new dataset's folder; nothing is there yet.
        roots: the datasets, in the order of their episodes.
        how: what is allowed.

    Returns:
        The new dataset's info.json.

    Raises:
        DatasetError: they cannot be joined, one is not sound or changes meanwhile, or the disk
            refuses.
    """
    snapshots = [Snapshot.of(root) for root in roots]
    require_compatible(snapshots, how.allow_hardware)
    require_sound(roots)
    sources = [_Source.of(snapshot) for snapshot in snapshots]
    with NewFolder(out, how.probe) as folder:
        info = _Merge(folder, sources, how).run()
        for snapshot in snapshots:
            require_unchanged(snapshot)
        folder.commit()
    return info


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """One of the datasets; annotations by its episode_index."""

    snapshot: Snapshot
    part: Part
    stats: list[Stats]
    annotations: dict[int, Annotations]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "_Source":
        data = snapshot.required(layout.EPISODES_STATS)
        return cls(
            snapshot,
            Part(snapshot.tasks(), snapshot.episodes()),
            metadata.parse_episodes_stats(data, snapshot.info.episodes),
            read_annotations(snapshot.meta.__getitem__),
        )


class _Merge:
    """Writes the new dataset."""

    def __init__(self, folder: NewFolder, sources: Sequence[_Source], how: Merging) -> None:
        self._folder = folder
        self._sources = sources
        self._how = how
        self._tasks, self._shifts = joined([source.part for source in sources])
        self._records: list[EpisodeRecord] = []
        self._stats: list[Stats] = []
        self._annotations: list[tuple[int, Annotations]] = []

    def run(self) -> Info:
        total = sum(len(source.part.episodes) for source in self._sources)
        for source, shift in zip(self._sources, self._shifts, strict=True):
            for record in source.part.episodes:
                self._add(source, shift, record)
                if self._how.progress is not None:
                    self._how.progress(len(self._records), total)
        return self._finish()

    def _add(self, source: _Source, shift: Shift, record: EpisodeRecord) -> None:
        index = shift.episode + record.index
        view = source.snapshot.view
        self._stats.append(self._add_table(source, shift, record))
        self._records.append(replace(record, index=index))
        for key in source.snapshot.info.camera_keys:
            video = view.path(layout.video_file(record.index, key))
            self._folder.take(video, layout.video_file(index, key))
        capture = view.path(layout.capture_file(record.index))
        if capture.exists():  # a dataset that LeRobot recorded has none
            self._folder.take(capture, layout.capture_file(index))
        self._annotations.append((index, source.annotations.get(record.index, {})))

    def _add_table(self, source: _Source, shift: Shift, record: EpisodeRecord) -> Stats:
        path = source.snapshot.view.path(layout.data_file(record.index))
        info = self._sources[0].snapshot.info
        try:
            keys = [each.key for each in info.columns]
            table = pq.read_table(path, columns=keys, partitioning=None).select(keys)
            columns = {key: to_numpy(table, key) for key in NUMBERS}
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise DatasetError(f"{path} cannot be read ({error}); {to_read(error)}.") from error
        if len(table) != record.length:
            raise DatasetError(
                f"{path} has {len(table)} frames instead of {record.length}; `lerecord check "
                f"{source.snapshot.root}` says what else is wrong."
            )
        for key, values in shift.renumbered(columns).items():
            table = table.set_column(keys.index(key), table.schema.field(key), pa.array(values))
        target = self._folder.place(layout.data_file(shift.episode + record.index))
        pq.write_table(table, target, compression="snappy")
        return shift.renumbered_stats(source.stats[record.index], columns)

    def _finish(self) -> Info:
        first = self._sources[0].snapshot
        info = replace(
            first.info,
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
        rigs = (source.snapshot.meta[layout.HARDWARE] for source in self._sources)
        known = next((rig for rig in rigs if rig is not None), None)
        if known is not None:
            self._folder.put(layout.HARDWARE, known)
        self._folder.put(layout.INFO, info.to_bytes())
        self._take_further_files()
        return info

    def _take_further_files(self) -> None:
        taken, left = further_files([source.snapshot.root for source in self._sources])
        for name, path in taken.items():
            self._folder.put(name, path.read_bytes())
        for name in left:
            self._how.left_out(name)
        extra = self._sources[0].snapshot.info.extra
        for source in self._sources[1:]:
            for key, value in source.snapshot.info.extra.items():
                if extra.get(key) != value:
                    self._how.left_out(f"{key} in {source.snapshot.root / layout.INFO}")

    def _lines(self) -> dict[str, Iterator[bytes]]:
        return {
            layout.TASKS: (metadata.task_line(*each) for each in enumerate(self._tasks)),
            layout.EPISODES: (each.to_line() for each in self._records),
            layout.EPISODES_STATS: (metadata.stats_line(*each) for each in enumerate(self._stats)),
        }
