"""What Slurm was given: it is not given again while Slurm has it, and told of once it is done."""

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lerecord.errors import ConfigError, LerecordError
from lerecord.fleet.books import Books, write_lines
from lerecord.fleet.sources import Trouble

_NOTE = "submitted.json"
_WAITS_IN_VAIN = "DependencyNeverSatisfied"
"""Why Slurm keeps a job in its queue for ever: one that it depends on has failed."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is done in a batch.

    Attributes:
        root: the folder of its dataset.
        name: no other part of the work has it.
    """

    root: str
    name: str


@dataclass(slots=True)
class Earlier:
    """What came of work that was submitted before.

    Attributes:
        jobs: that have some of it still.
        with_slurm: the names of the parts that these are to do.
        failed: the names of those that could not be done.
        troubles: why; and jobs that ended before their work was done.
        folders: of the work that is over; `forget` ends them.
    """

    jobs: list[str] = field(default_factory=list)
    with_slurm: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    troubles: list[Trouble] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    _cut_short: set[Path] = field(default_factory=set)

    def wants(self, name: str) -> bool:
        """True of a part that is to be done now."""
        return name not in self.with_slurm and name not in self.failed

    def pass_on(self, books: Books) -> None:
        """Let the next work know what ended its process in this one."""
        for folder in self.folders:
            books.know_lost(Books(folder))

    def forget(self) -> None:
        """What is over has been told; of jobs that were cut short the logs stay."""
        for folder in self.folders:
            if folder in self._cut_short:
                (folder / _NOTE).unlink(missing_ok=True)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def take(self, folder: Path, note: Mapping[str, Any], roots: Collection[str]) -> None:
        """Take over what is known of one submission."""
        books, batches = Books(folder), note["batches"]
        undone = [place for place in range(len(batches)) if not books.is_done(place)]
        if undone and any(map(is_queued, note["jobs"])):
            self.jobs += note["jobs"]
            self.with_slurm |= {name for batch in batches for _, name in batch}
            return
        self.folders.append(folder)
        for each in books.troubles():
            if each["root"] in roots:
                self.failed.add(each["name"])
                self.troubles.append(Trouble(Path(each["root"]), each["reason"]))
        if undone:
            books.take_all_lost()
            self._cut_short.add(folder)
            reason = (
                f"Job {', '.join(note['jobs'])} of Slurm has ended, but {len(undone)} of "
                f"{len(batches)} parts of its work are not done; why stands in {folder}/logs."
            )
            self.troubles.append(Trouble(folder, reason))


def note_jobs(
    folder: Path, what: str, jobs: Sequence[str], batches: Sequence[Sequence[Part]]
) -> None:
    """Write down that Slurm has the work in a folder.

    Args:
        folder: of the work.
        what: the same for work of the same kind.
        jobs: their ids.
        batches: the parts of each.
    """
    parts = [[[part.root, part.name] for part in batch] for batch in batches]
    write_lines(folder / _NOTE, [{"what": what, "jobs": [*jobs], "batches": parts}])


def earlier(parent: Path, what: str, roots: Collection[str]) -> Earlier:
    """What came of the work of this kind that Slurm was given for some datasets.

    Args:
        parent: the folders of such work are in it.
        what: its kind, as it was noted.
        roots: the folders of the datasets.

    Raises:
        ConfigError: there is no Slurm here to ask.
        LerecordError: it does not answer.
    """
    found = Earlier()
    for path in sorted(parent.glob(f"*/{_NOTE}")):
        with suppress(FileNotFoundError):  # another command has told of it just now
            note = json.loads(path.read_bytes())
            about = {root for batch in note["batches"] for root, _ in batch}
            if note["what"] == what and not about.isdisjoint(roots):
                found.take(path.parent, note, roots)
    return found


def is_queued(job: str) -> bool:
    """True of a job that runs, or waits for something that can still come.

    Raises:
        ConfigError: there is no Slurm here to ask.
        LerecordError: it does not answer.
    """
    command = ["squeue", "--noheader", f"--jobs={job}", "--format=%r"]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ConfigError(
            f"squeue, which knows whether job {job} still runs, cannot be started "
            f"({error.strerror}); run this where the commands of Slurm are."
        ) from error
    if asked.returncode == 0:
        return any(reason != _WAITS_IN_VAIN for reason in asked.stdout.split("\n") if reason)
    if "Invalid job id" in asked.stderr:  # Slurm forgets a job some minutes after its end
        return False
    raise LerecordError(
        f"Slurm does not say whether job {job} still runs ({asked.stderr.strip()}); run the same "
        f"command again when it answers."
    )
