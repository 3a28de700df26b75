"""Shows a merge once it is proved, in the version that is wanted."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.storage import NewFolder
from lerecord.dataset.v30 import Exporting, export_v30
from lerecord.fleet.books import write_lines
from lerecord.fleet.merge_folder import V21, Job, MergeFolder, Request
from lerecord.fleet.publishing import identity_of, publish
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
        self._request = request
        self._job = job
        self._records = records
        self._identity = identity_of(job, request.version)
        self._folder = MergeFolder(request)

    def publish(self) -> Outcome:
        """Show it.

        Raises:
            NotDoneError, DatasetError: as of `publish`.
        """
        if self._request.version == V21:
            with NewFolder(self._request.out, about_to, resumed=True) as folder:
                left_out = publish(self._job, folder)
                folder.finish()
                self._keep(left_out, folder.draft)
                folder.commit()
            return Outcome(left_out)
        return self._exported(self._whole())

    def _whole(self) -> Sequence[str]:
        """The dataset of v2.1 from which v3.0 is made; one that is there already is taken."""
        told = self._folder.path / "whole.json"
        whole = self._folder.whole
        if whole.exists():
            known = json.loads(told.read_bytes()) if told.exists() else {}
            if known.get("identity") == self._identity:
                return list(known["left_out"])
            shutil.rmtree(whole)
        with NewFolder(whole, about_to, resumed=True) as folder:
            left_out = publish(self._job, folder)
            folder.finish()
            write_lines(told, [{"identity": self._identity, "left_out": list(left_out)}])
            folder.commit()
        return left_out

    def _exported(self, left_out: Sequence[str]) -> Outcome:
        names = list(left_out)
        out = self._request.out.absolute()
        draft = out.with_name(f".{out.name}.partial")

        def watch(step: str) -> None:
            about_to(step)
            if step == "rename":
                self._keep(names, draft)

        how = Exporting(left_out=names.append, probe=watch, is_sound=True)
        export_v30(self._folder.whole, out, how)
        return Outcome(names)

    def _keep(self, left_out: Sequence[str], draft: Path) -> None:
        left = self._folder.left()
        self._records.keep(Made(self._identity, left, list(left_out)), draft)
