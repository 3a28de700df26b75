"""A new dataset of episodes of others: frames numbered anew, videos never encoded again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from lerecord.dataset.format import (
    ROLLOUT_FEATURES,
    EpisodeRecord,
    Info,
    Shift,
    has_rollouts,
    joined,
    layout,
)
from lerecord.dataset.join.episode_run import EpisodeRun
from lerecord.dataset.join.episode_writer import EpisodeWriter
from lerecord.dataset.join.metadata_writer import MetadataWriter
from lerecord.dataset.read import Files
from lerecord.dataset.storage import (
    NewFolder,
    Probe,
    further_files,
    ignored,
    unobserved,
)
from lerecord.progress import Advance, Progress, silent


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
        self._tasks, self._shifts = joined([run.part for run in runs])
        self._info = widest([run.stored.info for run in runs])
        take = folder.copy if own_files else folder.take
        self._writer = EpisodeWriter(self._info, folder.place, take)
        self._metadata = MetadataWriter(folder.place)

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
                self._how.progress(Advance(self._metadata.episodes, total, "episodes"))
        return self._finish()

    def _add(self, run: EpisodeRun, files: Files, shift: Shift, record: EpisodeRecord) -> None:
        values = self._writer.add(run, files, shift, record)
        moved = replace(record, index=shift.episode + record.index)
        self._metadata.add(moved, values, run.annotations.get(record.index, {}))

    def _finish(self) -> Info:
        info = replace(
            self._info,
            episodes=self._metadata.episodes,
            frames=self._metadata.frames,
            tasks=len(self._tasks),
        )
        rigs = (run.stored.meta[layout.HARDWARE] for run in self._runs)
        known = next((rig for rig in rigs if rig is not None), None)
        self._metadata.finish(info, self._tasks, known)
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


def widest(infos: Sequence[Info]) -> Info:
    """The first one's, with the columns of rollouts when any of them has these."""
    first = infos[0]
    widest = next((info for info in infos if has_rollouts(info.features)), first)
    further = {key: each for key, each in widest.features.items() if key in ROLLOUT_FEATURES}
    return replace(first, features={**first.features, **further})
