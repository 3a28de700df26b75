"""What Slurm has of a merge: not given again while it has it, and told of when that has ended."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lerecord.errors import DatasetError
from lerecord.fleet import export_folder, merge_folder
from lerecord.fleet.books import Books, write_lines
from lerecord.fleet.merge_folder import LeftEpisode, MergeFolder, Request
from lerecord.fleet.merged import Merged
from lerecord.fleet.sources import Trouble
from lerecord.fleet.submitted import is_queued
from lerecord.progress import Advance

_NOTE = "submitted.json"
_STAGES = ("writing", "laying_out", "exporting", "merging")
"""Those of v3.0; v2.1 has the first and the last. What is done needs no job: the last is needed."""


@dataclass(frozen=True, slots=True)
class Given:
    """What came of the jobs that Slurm was given before.

    Attributes:
        merged: what they make, while Slurm has some of them.
        troubles: why they ended before that was made.
    """

    merged: Merged | None = None
    troubles: Sequence[Trouble] = ()


def note_given(folder: MergeFolder, merged: Merged) -> None:
    """Write down that Slurm has the work."""
    left = [asdict(each) for each in merged.left_episodes]
    troubles = [[str(each.place), each.reason] for each in merged.troubles]
    told = {
        "episodes": merged.episodes,
        "frames": merged.frames,
        "task_names": list(merged.task_names),
        "sources": merged.sources,
    }
    note = {"jobs": list(merged.jobs), "told": told, "left": left, "troubles": troubles}
    with suppress(FileNotFoundError):  # the jobs are done already, and have removed the folder
        write_lines(folder.path / _NOTE, [note])


def given_before(folder: MergeFolder, request: Request) -> Given:
    """What came of the jobs that Slurm was given for a new dataset.

    Raises:
        DatasetError: they make it of something else.
        ConfigError: there is no Slurm here to ask.
        LerecordError: it does not answer.
    """
    try:
        note = json.loads((folder.path / _NOTE).read_bytes())
    except FileNotFoundError:
        return Given()
    queued = [job for job in note["jobs"] if is_queued(job)]
    if queued:
        _require_same(folder, request, queued)
        return Given(_merged(request, folder, note, queued))
    return Given(troubles=[_trouble(folder, request, note["jobs"])])


def _require_same(folder: MergeFolder, request: Request, queued: Sequence[str]) -> None:
    given, _ = merge_folder.request_in(folder.path)
    if given.to_data() != Request.from_data(request.to_data()).to_data():
        raise DatasetError(
            f"Slurm makes {request.out} of other episodes or in another format now; wait for it, "
            f"or end it with `scancel {' '.join(queued)}`."
        )


def _merged(
    request: Request, folder: MergeFolder, note: dict[str, Any], queued: Sequence[str]
) -> Merged:
    return Merged(
        dataset=request.out,
        version=request.version,
        **note["told"],
        left_episodes=[LeftEpisode(**each) for each in note["left"]],
        troubles=[Trouble(Path(place), reason) for place, reason in note["troubles"]],
        jobs=queued,
        done=False,
        progress=_progress(request, folder, note["jobs"].index(queued[0]) - len(note["jobs"])),
    )


def _progress(request: Request, folder: MergeFolder, place: int) -> Advance | None:
    """How far the stage is whose job has a place, counted from the last; None if that is short."""
    stages = _STAGES[:1] + _STAGES[-1:] if request.version == merge_folder.V21 else _STAGES
    with suppress(FileNotFoundError):
        if stages[place] == "writing":
            job = merge_folder.job_in(folder.path, merge_folder.version_in(folder.path))
            done = Books(folder.path).batches_done() * job.plan.batch_size
            return Advance(min(done, len(job.plan)), len(job.plan), "episodes")
        if stages[place] == "exporting":
            version = export_folder.version_in(folder.exports)
            export = export_folder.export_in(folder.exports, version)
            return Advance(Books(folder.exports).batches_done(), len(export), "steps")
    return None


def _trouble(folder: MergeFolder, request: Request, jobs: Sequence[str]) -> Trouble:
    """Why there is no dataset though the jobs have ended; what killed workers is remembered."""
    reasons = []
    for place in (folder.path, folder.exports):
        if place.exists():
            books = Books(place)
            books.take_all_lost()
            reasons += [each["reason"] for each in books.troubles()]
    why = reasons[0] if reasons else f"why stands in {folder.path}/logs."
    names = ", ".join(jobs)
    reason = f"The jobs {names} of Slurm have ended, but {request.out} is not made: {why}"
    return Trouble(request.out, reason)
