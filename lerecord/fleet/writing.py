"""The files of a merge's episodes, batch by batch; whoever does a batch again finds it done."""

import errno
import shutil
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from lerecord.dataset.format import Shift, stats
from lerecord.dataset.join import EpisodeRun, EpisodeWriter
from lerecord.dataset.read import stored_at
from lerecord.dataset.verify import Checkup, obstacles
from lerecord.errors import DatasetError, LerecordError
from lerecord.fleet.books import Books, is_orphan
from lerecord.fleet.engine import share
from lerecord.fleet.journal import Lines
from lerecord.fleet.merge_folder import Job, job_in, version_in
from lerecord.fleet.own_names import OwnNames
from lerecord.fleet.plan import Planned
from lerecord.fleet.sources import digest_of
from lerecord.fleet.steps import about_to
from lerecord.refusals import said

_OF_SOURCES = (errno.ENOENT, errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOTDIR)


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Do the batches of a rank; ends at once when the new dataset cannot be written."""
    job = job_in(folder, version_in(folder))
    books = Books(folder)
    batches = job.to_do()
    for number in (batches[each] for each in share(len(batches), rank, world)):
        if is_orphan():
            break
        try:
            _do(job, number, books, rank)
        except OSError as error:
            sentence = said(error, str(job.draft)) or f"{job.draft}: {error}."
            books.trouble(rank, reason=sentence)
            break
        books.mark_done(number)
        yield
    books.ended(rank)


def _do(job: Job, number: int, books: Books, rank: int) -> None:
    batch = job.plan.batch(number)
    with job.journal(number).opened() as lines:
        if lines.is_ended:
            return
        room = job.room(number)
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(parents=True)
        given_up = books.given_up()
        for place in range(len(lines), len(batch.episodes)):
            planned = batch.episodes[place]
            thing = f"{planned.root}, episode {planned.episode}"
            if thing in given_up:
                lines.add({"reason": f"{thing}: the process that read it died, twice."})
                continue
            books.at(rank, thing)
            about_to("begin an episode")
            _add(job, batch.first + place, planned, OwnNames(job.draft, room), lines)
        shutil.rmtree(room)
        about_to("end a batch")
        lines.end()


def _add(job: Job, target: int, planned: Planned, names: OwnNames, lines: Lines) -> None:
    """Whatever is wrong with an episode is a result; what is wrong with the target is raised."""
    try:
        entry = _written(job, target, planned, names)
    except LerecordError as error:
        entry = {"reason": str(error)}
    except OSError as error:
        if not _is_of_source(error, planned.root):
            raise
        entry = {"reason": said(error, str(planned.root)) or f"{planned.root}: {error}."}
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        fact = f"{type(error).__name__}: {error}, in {Path(where.filename).name}:{where.lineno}"
        entry = {"reason": f"{planned.root}, episode {planned.episode}: {fact}; please report it."}
    else:
        entry["files"] = names.settle()
    about_to("write a line")
    lines.add(entry)


def _is_of_source(error: OSError, root: Path) -> bool:
    return error.errno in _OF_SOURCES and str(error.filename).startswith(str(root))


def _written(job: Job, target: int, planned: Planned, names: OwnNames) -> dict[str, Any]:
    """Write the files of an episode under names of their own; what the metadata needs of it."""
    digests = {str(root): digest for root, digest in job.plan.sources}
    source = _opened(planned.root, digests[str(planned.root)])
    number = planned.episode
    if wrong := obstacles(source.checkup.of_episode(number)):
        raise DatasetError(f"{planned.root} is not sound: {wrong[0]}")
    record = source.run.part.episodes[number]
    index = {task: new for new, task in enumerate(job.plan.tasks)}
    shift = Shift(
        target - number,
        planned.first_frame - source.first_frames[number],
        {old: index[task] for old, task in source.run.part.tasks.items() if task in index},
    )
    writer = EpisodeWriter(job.info, names.place, names.take)
    values = writer.add(source.run, source.files, shift, record)
    return {
        "record": replace(record, index=target).to_line().decode(),
        "stats": stats.to_data(values),
        "annotations": source.run.annotations.get(number, {}),
    }


class _Source:
    """A dataset that episodes are taken from."""

    def __init__(self, root: Path, digest: str) -> None:
        stored = stored_at(root)
        if digest_of(stored) != digest:
            raise DatasetError(f"{root} was changed since the merge began.")
        self.checkup = Checkup(stored, quick=True)
        self.run = EpisodeRun.whole(stored)
        self.files = stored.files
        lengths = (each.length for each in self.run.part.episodes)
        self.first_frames = list(accumulate(lengths, initial=0))


@lru_cache(maxsize=2)
def _opened(root: Path, digest: str) -> _Source:
    return _Source(root, digest)
