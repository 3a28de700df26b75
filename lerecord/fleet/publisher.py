"""Shows a merge once it is proved, in the version that is wanted."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.storage import NewFolder
from lerecord.dataset.v30 import EpisodeStatistics, Export
from lerecord.fleet.books import write_lines
from lerecord.fleet.export_folder import ExportJob, laid_out
from lerecord.fleet.merge_folder import Job, MergeFolder, Request
from lerecord.fleet.publishing import NotDoneError, identity_of, is_whole, publish
from lerecord.fleet.records import Made, Records
from lerecord.fleet.steps import about_to


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the work.

    Attributes:
        left_out: the names of what could not be carried over.
        jobs: of Slurm, which have the work.
        done: the dataset is there.
    """

    left_out: Sequence[str] = ()
    jobs: Sequence[str] = ()
    done: bool = True


class Publisher:
    """Makes a dataset of what the workers wrote.

    Args:
        request: what is wanted.
        job: what was written.
        records: gets to know of it.
    """

    def __init__(self, request: Request, job: Job, records: Records) -> None:
        self.request = request
        self._job = job
        self._records = records
        self._identity = identity_of(job, request.version)
        self._folder = MergeFolder(request)
        self._left_out: Sequence[str] = ()

    def publish(self) -> Outcome:
        """Show a dataset of v2.1.

        Raises:
            NotDoneError, DatasetError: as of `publish`.
        """
        with NewFolder(self.request.out, about_to, resumed=True, lasting=True) as folder:
            left_out = publish(self._job, folder)
            folder.finish()
            self._keep(left_out, folder.draft)
            folder.commit()
        return Outcome(left_out)

    def lay_out(self) -> ExportJob:
        """Make the dataset of v2.1 that one of v3.0 is made from, and plan that.

        Raises:
            NotDoneError, DatasetError: as of `publish`.
        """
        self._left_out = self._whole()
        out = self.request.out.absolute()
        draft = out.with_name(f".{out.name}.partial")
        return laid_out(self._folder.exports, self._folder.whole, draft, self._identity)

    def publish_v30(self, export: ExportJob) -> Outcome:
        """Show a dataset of v3.0 whose files are written.

        Raises:
            NotDoneError: a file is not as its journal says.
            DatasetError: something cannot be read, or the disk refuses.
        """
        left_out = list(self._left_out)
        with NewFolder(self.request.out, about_to, resumed=True, lasting=True) as folder:
            folder.keep_only(_proved(export))
            Export(export.whole, is_sound=True).finish(
                folder, export.files, _statistics(export), left_out.append
            )
            folder.finish(keep_private=False)
            self._keep(left_out, folder.draft)
            folder.commit()
        return Outcome(left_out)

    def _whole(self) -> Sequence[str]:
        """The dataset of v2.1 from which v3.0 is made; one that is there already is taken."""
        told = self._folder.path / "whole.json"
        whole = self._folder.whole
        if whole.exists():
            known = json.loads(told.read_bytes()) if told.exists() else {}
            if known.get("identity") == self._identity:
                return list(known["left_out"])
            shutil.rmtree(whole)
        with NewFolder(whole, about_to, resumed=True, lasting=True) as folder:
            left_out = publish(self._job, folder)
            folder.finish()
            write_lines(told, [{"identity": self._identity, "left_out": list(left_out)}])
            folder.commit()
        return left_out

    def _keep(self, left_out: Sequence[str], draft: Path) -> None:
        left = self._folder.left()
        self._records.keep(Made(self._identity, left, list(left_out)), draft)


def _proved(export: ExportJob) -> set[str]:
    """The files with frames and images; all is there as journals and plan say."""
    bad = [number for number in range(len(export)) if not _is_done(export, number)]
    for number in bad:
        export.journal(number).drop()
    if bad:
        raise NotDoneError
    return {each.name for each in export.files}


def _is_done(export: ExportJob, number: int) -> bool:
    entries = export.journal(number).entries()
    if not entries:
        return False
    unit, entry = export.unit(number), entries[0]
    if isinstance(unit, range):
        return len(entry.get("fields", ())) == len(unit)
    about_to("prove a file")
    files = entry.get("files", {})
    frames = {} if unit.key else {unit.name: unit.frames}
    return unit.name in files and is_whole(export.draft, files, frames)


def _statistics(export: ExportJob) -> Iterator[EpisodeStatistics]:
    for number in range(len(export.files), len(export)):
        entries = export.journal(number).entries()
        assert entries
        yield EpisodeStatistics.from_data(entries[0])
