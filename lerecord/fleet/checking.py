"""All of `lerecord check` over many datasets, in parallel; what has not changed is not read."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from lerecord.dataset.read import Stored, stored_at
from lerecord.dataset.verify import Checkup, Report
from lerecord.errors import LerecordError
from lerecord.fleet.books import Books, is_orphan, write_lines
from lerecord.fleet.engine import Engine, Work, require_engine, run, share
from lerecord.fleet.failures import sentence_of
from lerecord.fleet.ledger import Entry, Ledger, fingerprint_of
from lerecord.fleet.sources import Root, Source, Trouble, digest_of, find, tried, tried_all
from lerecord.fleet.state import State
from lerecord.fleet.submitted import Earlier, Part, earlier, note_jobs
from lerecord.progress import Advance, Progress, silent

BATCH = 10
_WORK, _BATCHES = "work.json", "batches.jsonl"


@dataclass(frozen=True, slots=True)
class Checking:
    """How datasets are checked.

    Attributes:
        quick: decode no image.
        engine: what does the work.
        dry_run: say what would be read, and read none of it.
        progress: told how many episodes are done.
    """

    quick: bool = False
    engine: Engine = field(default_factory=Engine)
    dry_run: bool = False
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class DatasetCheck:
    """What is known of one dataset.

    Attributes:
        dataset: its folder.
        report: everything that was found, now or before.
        episodes: that it has.
        to_read: of these, how many were to be read for it; the others had not changed.
        left: of these, how many are still to be read.
    """

    dataset: Path
    report: Report
    episodes: int
    to_read: int
    left: int


@dataclass(frozen=True, slots=True)
class FleetCheck:
    """What is known of all of them.

    Attributes:
        datasets: by path.
        troubles: what could not be checked.
        jobs: of Slurm, when the work was given to it and the result is still to come.
    """

    datasets: Sequence[DatasetCheck]
    troubles: Sequence[Trouble]
    jobs: Sequence[str] = ()

    @property
    def sound(self) -> bool:
        """True when all was checked, and nothing is wrong."""
        whole = all(each.report.sound and not each.left for each in self.datasets)
        return whole and not self.troubles


@dataclass(frozen=True, slots=True)
class _Case:
    """A dataset that is being checked: what spans its episodes, and what is to be read."""

    source: Source
    report: Report
    digest: str
    fingerprints: Sequence[str]
    to_read: Sequence[int]


_AS_GIVEN = Checking()


def check(roots: Sequence[Root], state: State, how: Checking = _AS_GIVEN) -> FleetCheck:
    """Check every dataset below some folders; they are not written to.

    Args:
        roots: the folders.
        state: what was found before.
        how: how deep, and by what.

    Raises:
        ConfigError: the engine cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    require_engine(how.engine)
    sources, troubles = find(roots, state)
    cases, failed = tried_all(sources, lambda source: _case(source, state, how))
    troubles += failed
    jobs: Sequence[str] = ()
    if not how.dry_run:
        jobs = _read_or_submitted(cases, state, how, troubles)
    datasets: list[DatasetCheck] = []
    for case in cases:
        done = tried(case.source, lambda case=case: _collected(case, state, how))  # type: ignore[misc]
        if isinstance(done, Trouble):
            troubles.append(done)
        else:
            datasets.append(done)
    return FleetCheck(datasets, troubles, jobs)


def _case(source: Source, state: State, how: Checking) -> _Case:
    stored = stored_at(source.root)
    checkup = Checkup(stored, how.quick)
    known = Ledger(state.folder, source.root).entries()
    prints = [fingerprint_of(stored, checkup.episode(each)) for each in range(len(checkup))]
    to_read = [
        number
        for number, fingerprint in enumerate(prints)
        if number not in known or not known[number].serves(fingerprint, how.quick)
    ]
    return _Case(source, checkup.report, digest_of(stored), prints, to_read)


def _read_or_submitted(
    cases: Sequence[_Case], state: State, how: Checking, troubles: list[Trouble]
) -> Sequence[str]:
    """Have every episode read that is to be read and that Slurm has not got; the ids of jobs."""
    before = Earlier()
    if how.engine.executor == "slurm":
        roots = [str(case.source.root) for case in cases]
        before = earlier(state.folder / "checks", _what(how), roots)
    batches: list[dict[str, Any]] = []
    for case in cases:
        root = str(case.source.root)
        numbers = [each for each in case.to_read if before.wants(_thing(root, each))]
        begins = range(0, len(numbers), BATCH)
        batches += [{"root": root, "episodes": numbers[each : each + BATCH]} for each in begins]
    jobs = _read(batches, (state, before), how, troubles) if batches else []
    troubles += before.troubles
    before.forget()
    return [*before.jobs, *jobs]


def _read(
    batches: Sequence[dict[str, Any]],
    known: tuple[State, Earlier],
    how: Checking,
    troubles: list[Trouble],
) -> Sequence[str]:
    """Have these episodes read; the ids of jobs that will do it."""
    state, before = known
    state.write("checks/of", {})  # refuses a folder that cannot be written
    folder = Path(tempfile.mkdtemp(prefix="", dir=state.folder / "checks"))
    told = {"state": str(state.folder), "quick": how.quick, "name": folder.name}
    write_lines(folder / _WORK, [told])
    write_lines(folder / _BATCHES, batches)
    books, total = Books(folder), sum(len(each["episodes"]) for each in batches)
    before.pass_on(books)

    def watch() -> None:
        how.progress(Advance(min(books.batches_done() * BATCH, total), total, "episodes"))

    if jobs := run([Work("checking", folder, len(batches))], how.engine, watch):
        parts = [
            [Part(each["root"], _thing(each["root"], number)) for number in each["episodes"]]
            for each in batches
        ]
        note_jobs(folder, _what(how), jobs, parts)
    else:
        troubles += [Trouble(Path(each["root"]), each["reason"]) for each in books.troubles()]
        shutil.rmtree(folder, ignore_errors=True)
    return jobs


def _what(how: Checking) -> str:
    return "quick" if how.quick else "whole"


def _thing(root: str, episode: int) -> str:
    return f"{root} episode {episode}"


def _collected(case: _Case, state: State, how: Checking) -> DatasetCheck:
    root = case.source.root
    if digest_of(stored_at(root)) != case.digest:
        raise LerecordError(f"{root} was changed while it was checked; check it again.")
    ledger = Ledger(state.folder, root)
    entries = ledger.entries()
    report, left = case.report, 0
    for number, fingerprint in enumerate(case.fingerprints):
        entry = entries.get(number)
        if entry is not None and entry.serves(fingerprint, how.quick):
            report.extend(entry.report)
        else:
            left += 1
    report.condense()
    if not left:
        ledger.keep_only({n: each for n, each in entries.items() if n < len(case.fingerprints)})
    return DatasetCheck(root, report, len(case.fingerprints), len(case.to_read), left)


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Read the episodes of a rank's batches, and keep what is found of each."""
    told = json.loads((folder / _WORK).read_bytes())
    lines = (folder / _BATCHES).read_bytes().splitlines()
    books = Books(folder)
    for number in share(len(lines), rank, world):
        if is_orphan():
            break
        if books.is_done(number):
            continue
        batch = json.loads(lines[number])
        for episode in batch["episodes"]:
            thing = _thing(batch["root"], episode)
            if thing in books.given_up():
                reason = f"{thing}: the process that read it died, twice; look at its videos."
                books.trouble(rank, root=batch["root"], name=thing, reason=reason)
                continue
            books.at(rank, thing)
            _read_episode(Path(batch["root"]), episode, told, books, rank)
        books.mark_done(number)
        yield
    books.ended(rank)


def _read_episode(root: Path, number: int, told: dict[str, Any], books: Books, rank: int) -> None:
    """Whatever goes wrong here is a result: the others go on."""
    try:
        stored, checkup = _opened(root, told["quick"], told["name"])
        fingerprint = fingerprint_of(stored, checkup.episode(number))
        entry = Entry(number, fingerprint, told["quick"], checkup.of_episode(number))
    except Exception as error:
        reason = sentence_of(error, root, f"{root}, episode {number}: the check itself failed")
        name = _thing(str(root), number)
        books.trouble(rank, root=str(root), name=name, reason=reason)
    else:
        Ledger(Path(told["state"]), root).add(f"{told['name']}-{rank}", entry)


@lru_cache(maxsize=2)
def _opened(root: Path, quick: bool, name: str) -> tuple[Stored, Checkup]:
    """A dataset as it was when this process first looked at it for this work."""
    stored = stored_at(root)
    return stored, Checkup(stored, quick)
