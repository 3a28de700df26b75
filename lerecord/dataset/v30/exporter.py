"""From LeRobot v2.1 to a new dataset of v3.0, the layout of LeRobot 0.4 and later."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.format import DatasetVersionError
from lerecord.dataset.storage import NewFolder, Probe, Snapshot, ignored, unobserved
from lerecord.dataset.v30 import files as v30
from lerecord.dataset.v30.episode_statistics import EpisodeStatistics, StatisticsReader
from lerecord.dataset.v30.file_plan import AS_LEROBOT, Bounds, PlannedFile, planned_files
from lerecord.dataset.v30.file_writing import FileWriter
from lerecord.dataset.v30.frames import Frames
from lerecord.dataset.v30.metadata_writing import MetadataWriter
from lerecord.dataset.v30.written_files import WrittenFiles
from lerecord.dataset.verify import require_sound
from lerecord.dataset.video import is_depth
from lerecord.errors import DatasetError
from lerecord.progress import Advance, Progress, silent


@dataclass(frozen=True, slots=True)
class Exporting:
    """How a dataset is exported.

    Attributes:
        progress: told after each episode.
        left_out: told the name of each thing that the new dataset does not have.
        probe: told what comes next, for tests.
        bounds: what its files may grow to.
    """

    progress: Progress = silent
    left_out: Callable[[str], object] = ignored
    probe: Probe = unobserved
    bounds: Bounds = AS_LEROBOT


_AS_GIVEN = Exporting()


def export_v30(root: Path, out: Path, how: Exporting = _AS_GIVEN) -> int:
    """Make a dataset of v3.0 of one of v2.1, which stays as it is.

    Frames are one row group an episode, images are copied without encoding again, statistics have
    the quantiles of every frame and pixel. The rig and the capture sidecars go along. What an
    export that was killed has written of the same dataset is not written again.

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
    export = Export(root)
    with NewFolder(out, how.probe, resumed=True) as folder:
        export.require_frames()
        files = export.plan(how.bounds)
        written = WrittenFiles(folder, f"{export.moment} {how.bounds}")
        for file in files:
            if file.name not in written:
                export.write(file, folder.place(file.name))
                written.add(file.name)
        export.finish(folder, files, _statistics(export, how.progress), how.left_out)
        written.end()
        folder.commit(keep_private=False)
    return export.episodes


def _statistics(export: "Export", progress: Progress) -> Iterator[EpisodeStatistics]:
    for episode in range(export.episodes):
        yield export.statistics([episode])
        progress(Advance(episode + 1, export.episodes, "episodes"))


class Export:
    """The parts of an export.

    Files can be written and statistics be found in any order, and by many processes.

    Args:
        root: the dataset of v2.1.
        is_sound: it was checked just now, and need not be once more.

    Raises:
        DatasetError: it is not sound, has no episode or images that v3.0 has no form for.
    """

    def __init__(self, root: Path, is_sound: bool = False) -> None:
        snapshot = _snapshot(root)
        if not snapshot.info.episodes:
            raise DatasetError(f"{root} has no episode; record one before it is exported.")
        if depth := [each.key for each in snapshot.info.videos if is_depth(each)]:
            raise DatasetError(
                f"{depth[0]} is a depth camera, and lerecord does not know how LeRobot counts "
                f"depth in the statistics of v3.0; export the dataset with LeRobot."
            )
        if not is_sound:
            require_sound([root])
        self.episodes = snapshot.info.episodes
        self.moment = snapshot.moment
        self._snapshot = snapshot
        self._records = snapshot.episodes()
        self._frames = Frames(snapshot, self._records)
        self._writer = FileWriter(snapshot, self._records)
        self._reader = StatisticsReader(snapshot, self._records, self._frames)
        self._metadata = MetadataWriter(snapshot, self._records)

    def require_frames(self) -> None:
        """Refuse what nobody exports before anything is written; the rest is seen on the way.

        Raises:
            DatasetError: the frames of the first episode cannot be used.
        """
        self._frames.of(0)

    def plan(self, bounds: Bounds) -> list[PlannedFile]:
        """The files that frames and images go to; raises DatasetError where one is unreadable."""
        lengths = [each.length for each in self._records]
        return planned_files(self._writer.parts(), lengths, self._snapshot.info.fps, bounds)

    def write(self, file: PlannedFile, path: Path) -> None:
        """Write one of the files; raises as `FileWriter.write`."""
        self._writer.write(file, path)

    def statistics(self, episodes: Iterable[int]) -> EpisodeStatistics:
        """The statistics of some episodes; raises as `StatisticsReader.of`."""
        return self._reader.of(episodes)

    def finish(
        self,
        folder: NewFolder,
        files: Sequence[PlannedFile],
        statistics: Iterable[EpisodeStatistics],
        left_out: Callable[[str], object],
    ) -> None:
        """Write everything else, as `MetadataWriter.write`; the folder is still to be committed.

        Raises:
            DatasetError: something cannot be read, or the dataset changed meanwhile.
        """
        self._metadata.write(folder, files, statistics, left_out)
        self._snapshot.require_unchanged()


def _snapshot(root: Path) -> Snapshot:
    try:
        return Snapshot.of(root)
    except DatasetVersionError as error:
        if error.version != v30.CODEBASE_VERSION:
            raise
        raise DatasetError(
            f"{root} is of version {error.version} already; use it as it is."
        ) from error
