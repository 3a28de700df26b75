"""Where the files of v3.0 are made from a merged dataset of v2.1: a plan, journals and a draft."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lerecord.dataset.v30 import AS_LEROBOT, Export, PlannedFile
from lerecord.fleet.books import Books, write_lines
from lerecord.fleet.journal import Journal
from lerecord.fleet.plan import BATCH

_PLAN = "files.jsonl"
Unit = PlannedFile | range
"""What a worker does at a time: a file, or the statistics of some episodes."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What workers have to know.

    Attributes:
        folder: where they work.
        whole: the dataset of v2.1.
        draft: the folder that that of v3.0 is made in.
        identity: of everything that its files depend on.
        files: to be written.
    """

    folder: Path
    whole: Path
    draft: Path
    identity: str
    files: Sequence[PlannedFile]

    def __len__(self) -> int:
        """Units of work."""
        return len(self.files) + -(-self._episodes // BATCH)

    def unit(self, number: int) -> Unit:
        """What is to be done: first the files, then the statistics."""
        if number < len(self.files):
            return self.files[number]
        first = (number - len(self.files)) * BATCH
        return range(first, min(first + BATCH, self._episodes))

    @property
    def _episodes(self) -> int:
        return self.files[-1].end

    def journal(self, number: int) -> Journal:
        """Of one unit."""
        told = json.dumps([self.identity, _told(self.unit(number))])
        digest = hashlib.sha256(told.encode()).hexdigest()
        return Journal(self.folder / "journals" / f"{number:07d}.jsonl", digest)

    def room(self, number: int) -> Path:
        """Where a file has a name of its own until it is whole."""
        return self.folder / "new" / f"{number:07d}"


def laid_out(folder: Path, whole: Path, draft: Path, merge: str) -> ExportJob:
    """Plan the files of v3.0, unless that is done.

    Args:
        folder: to work in.
        whole: the dataset of v2.1.
        draft: the folder to make that of v3.0 in.
        merge: what tells `whole` from any other dataset.

    Raises:
        DatasetError: a file cannot be read.
    """
    identity = _identity(merge)
    Books(folder).clear()
    if (folder / _PLAN).exists():
        known = export_in(folder, version_in(folder))
        if (known.identity, known.whole, known.draft) == (identity, whole, draft):
            return known
    job = ExportJob(folder, whole, draft, identity, Export(whole, is_sound=True).plan(AS_LEROBOT))
    told = {"identity": identity, "whole": str(whole), "draft": str(draft)}
    write_lines(folder / _PLAN, [told, *({"file": each.to_data()} for each in job.files)])
    return job


def undone(folder: Path, merge: str) -> int | None:
    """How many units are still to be done; None where they are not planned."""
    if not (folder / _PLAN).exists():
        return None
    job = export_in(folder, version_in(folder))
    if job.identity != _identity(merge):
        return None
    return sum(job.journal(number).entries() is None for number in range(len(job)))


def _identity(merge: str) -> str:
    return json.dumps([merge, asdict(AS_LEROBOT)])


def _told(unit: Unit) -> Any:
    return [unit.start, unit.stop] if isinstance(unit, range) else unit.to_data()


@lru_cache(maxsize=1)
def export_in(folder: Path, version: int) -> ExportJob:
    """What was planned; `version` tells the plan of one time from that of another."""
    told, *lines = map(json.loads, (folder / _PLAN).read_bytes().splitlines())
    files = [PlannedFile.from_data(each["file"]) for each in lines]
    return ExportJob(folder, Path(told["whole"]), Path(told["draft"]), told["identity"], files)


def version_in(folder: Path) -> int:
    """Changes with every plan."""
    return (folder / _PLAN).stat().st_mtime_ns
