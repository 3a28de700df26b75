"""A merge's stages: the files of v2.1, and from them those of v3.0, each until all are right."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from lerecord.errors import DatasetError
from lerecord.fleet.books import Books
from lerecord.fleet.engine import Engine, Work, run
from lerecord.fleet.export_folder import ExportJob, undone
from lerecord.fleet.merge_folder import V21, Job, LeftEpisode, MergeFolder, Request
from lerecord.fleet.publisher import Outcome, Publisher
from lerecord.fleet.publishing import NotDoneError, identity_of
from lerecord.fleet.records import Records
from lerecord.progress import Advance, Progress, silent

_ROUNDS = 5  # each because files were changed meanwhile


@dataclass(frozen=True, slots=True)
class HowToMerge:
    """How a merge is done.

    Attributes:
        engine: what does the work.
        dry_run: plan it, and do nothing.
        progress: told how many episodes are done, and then how far v3.0 is.
        lay_out: only until the files of v3.0 are planned, for a job of Slurm.
    """

    engine: Engine = field(default_factory=Engine)
    dry_run: bool = False
    progress: Progress = silent
    lay_out: bool = False


def stages_of(request: Request, folder: MergeFolder, job: Job) -> list[Work]:
    """The jobs of Slurm, for what is not done; how much v3.0 will be may not be known yet."""
    missing = job.give_missing()
    writing = [Work("writing", job.folder, missing)] if missing else []
    exporting: list[Work] = []
    if request.version != V21:
        units = undone(folder.exports, identity_of(job, request.version))
        if units is None:
            units = len(job.plan) * (2 + len(job.info.camera_keys))
        if units:
            laying_out = Work("laying_out", job.folder, 1)
            exporting = [laying_out, Work("exporting", folder.exports, units)]
    return [*writing, *exporting, Work("merging", job.folder, 1)]


def done_here(
    request: Request, job: Job, records: Records, how: HowToMerge
) -> Outcome | list[LeftEpisode]:
    """Have everything written and shown; the episodes that could not be taken, if there are any."""
    books = Books(job.folder)

    def watch() -> None:
        done = min(books.batches_done() * job.plan.batch_size, len(job.plan))
        how.progress(Advance(done, len(job.plan), "episodes"))

    publisher = Publisher(request, job, records)
    for _ in range(_ROUNDS):
        _written(Work("writing", job.folder, job.plan.batches), request, how.engine, watch)
        if failures := list(job.failures()):
            return failures
        with suppress(NotDoneError):
            if request.version == V21:
                return publisher.publish()
            export = publisher.lay_out()
            return Outcome(done=False) if how.lay_out else _exported(export, publisher, how)
    raise _restless(request)


def _exported(export: ExportJob, publisher: Publisher, how: HowToMerge) -> Outcome:
    """Have v3.0 made by workers, and shown."""
    books = Books(export.folder)

    def watch() -> None:
        how.progress(Advance(books.batches_done(), len(export), "steps"))

    for _ in range(_ROUNDS):
        work = Work("exporting", export.folder, len(export))
        _written(work, publisher.request, how.engine, watch)
        with suppress(NotDoneError):
            return publisher.publish_v30(export)
    raise _restless(publisher.request)


def _written(stage: Work, request: Request, engine: Engine, watch: Callable[[], object]) -> None:
    run([stage], engine, watch)
    books = Books(stage.folder)
    if troubles := [each["reason"] for each in books.troubles()]:
        books.clear()
        raise DatasetError(f"{request.out} could not be written: {troubles[0]}")


def _restless(request: Request) -> DatasetError:
    return DatasetError(f"The files of {request.out} change while they are written; end what does.")
