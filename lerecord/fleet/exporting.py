"""The files of v3.0 and its statistics, unit by unit; whoever does one again finds it done."""

import shutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from lerecord.dataset.storage import sync_file
from lerecord.dataset.v30 import Export, PlannedFile
from lerecord.errors import DatasetError, LerecordError
from lerecord.fleet.books import Books, is_orphan
from lerecord.fleet.engine import share
from lerecord.fleet.export_folder import ExportJob, export_in, version_in
from lerecord.fleet.own_names import OwnNames
from lerecord.fleet.steps import about_to
from lerecord.refusals import said


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Do the units of a rank; ends at once when one cannot be done."""
    job = export_in(folder, version_in(folder))
    books = Books(folder)
    for number in share(len(job), rank, world):
        if is_orphan():
            break
        try:
            _do(job, number, books, rank)
        except LerecordError as error:
            books.trouble(rank, reason=str(error))
            break
        except OSError as error:
            books.trouble(rank, reason=said(error, str(job.draft)) or f"{job.draft}: {error}.")
            break
        books.mark_done(number)
        yield
    books.ended(rank)


def _do(job: ExportJob, number: int, books: Books, rank: int) -> None:
    with job.journal(number).opened() as lines:
        if not len(lines):
            unit = job.unit(number)
            name = f"statistics of {unit}" if isinstance(unit, range) else unit.name
            if name in books.given_up():
                raise DatasetError(f"{name}: the process that was at it died, twice.")
            books.at(rank, name)
            if isinstance(unit, range):
                about_to("begin statistics")
                entry = _export_of(job.whole, job.identity).statistics(unit).to_data()
            else:
                about_to("begin an output file")
                entry = {"files": _written(job, unit, job.room(number))}
            about_to("write a line")
            lines.add(entry)
        if not lines.is_ended:
            lines.end()


def _written(job: ExportJob, file: PlannedFile, room: Path) -> Mapping[str, str]:
    """Write a file under a name of its own first; the fingerprint of what is at its name then."""
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(parents=True)
    names = OwnNames(job.draft, room)
    _export_of(job.whole, job.identity).write(file, names.place(file.name))
    files = names.settle()
    sync_file(job.draft / file.name)
    shutil.rmtree(room)
    return files


@lru_cache(maxsize=1)
def _export_of(whole: Path, identity: str) -> Export:
    return Export(whole, is_sound=True)
