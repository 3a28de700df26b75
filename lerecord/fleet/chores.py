"""Something that is done for each of many things: in parallel, each with a result of its own."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from lerecord.fleet.books import Books, is_orphan, write_lines
from lerecord.fleet.engine import Engine, Work, run, share
from lerecord.fleet.failures import sentence_of
from lerecord.fleet.sources import Trouble
from lerecord.fleet.state import State
from lerecord.fleet.submitted import Earlier, Part, earlier, note_jobs
from lerecord.progress import Advance, Progress, silent

_WORK, _ITEMS, _RESULTS = "work.json", "items.jsonl", "results"


@dataclass(frozen=True, slots=True)
class HowToWork:
    """How something is done for many datasets.

    Attributes:
        engine: what does the work.
        dry_run: say what would be done, and do none of it.
        progress: told how much is done.
    """

    engine: Engine = field(default_factory=Engine)
    dry_run: bool = False
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Chore:
    """What is to be done.

    Attributes:
        module: of this package; its `do(told, item)` does one thing and gives what came of it.
        told: what all of them have in common, as JSON knows it.
        items: each with the `root` of its dataset and the `name` of the thing, likewise.
        roots: the folders of all datasets that this is about, also where nothing is to be done.
    """

    module: str
    told: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]
    roots: Sequence[str]

    @property
    def what(self) -> str:
        """The same for chores that do the same, whatever the datasets."""
        return json.dumps([self.module, self.told], sort_keys=True)


@dataclass(frozen=True, slots=True)
class CarriedOut:
    """What came of it.

    Attributes:
        results: of the items that were done, by name; on Slurm those of an earlier command.
        troubles: why others were not.
        jobs: of Slurm, when it has the work and the results are still to come.
    """

    results: Mapping[str, Mapping[str, Any]]
    troubles: Sequence[Trouble]
    jobs: Sequence[str] = ()


def carry_out(chore: Chore, state: State, how: HowToWork) -> CarriedOut:
    """Have all of it done, or given to Slurm, if that has not got it already.

    Raises:
        ConfigError: the engine cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    if how.dry_run:
        return CarriedOut({}, [])
    if how.engine.executor != "slurm":
        return _carried_out(chore, state, how, Earlier())
    before = earlier(state.folder / "chores", chore.what, chore.roots)
    results = {name: each for folder in before.folders for name, each in _results(folder).items()}
    given = replace(chore, items=[each for each in chore.items if before.wants(each["name"])])
    now = _carried_out(given, state, how, before)
    before.forget()
    for each in given.items:
        results.pop(each["name"], None)
    return CarriedOut(results, [*before.troubles, *now.troubles], [*before.jobs, *now.jobs])


def _carried_out(chore: Chore, state: State, how: HowToWork, before: Earlier) -> CarriedOut:
    if not chore.items:
        return CarriedOut({}, [])
    state.write("chores/of", {})  # refuses a folder that cannot be written
    folder = Path(tempfile.mkdtemp(prefix="", dir=state.folder / "chores"))
    write_lines(folder / _WORK, [{"module": chore.module, "told": chore.told}])
    write_lines(folder / _ITEMS, chore.items)
    books, total = Books(folder), len(chore.items)
    before.pass_on(books)

    def watch() -> None:
        how.progress(Advance(books.batches_done(), total, "steps"))

    jobs: Sequence[str] = ()
    try:
        if jobs := run([Work("chores", folder, total)], how.engine, watch):
            parts = [[Part(each["root"], each["name"])] for each in chore.items]
            note_jobs(folder, chore.what, jobs, parts)
            return CarriedOut({}, [], jobs)
        troubles = [Trouble(Path(each["root"]), each["reason"]) for each in books.troubles()]
        return CarriedOut(_results(folder), troubles)
    finally:
        if not jobs:
            shutil.rmtree(folder, ignore_errors=True)


def _results(folder: Path) -> dict[str, Mapping[str, Any]]:
    """By the name of the item."""
    names = [json.loads(each)["name"] for each in (folder / _ITEMS).read_bytes().splitlines()]
    paths = (folder / _RESULTS).glob("[0-9]*")
    return {names[int(path.stem)]: json.loads(path.read_bytes()) for path in paths}


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Do the things of a rank; whatever goes wrong with one is a result."""
    work = json.loads((folder / _WORK).read_bytes())
    items = (folder / _ITEMS).read_bytes().splitlines()
    do = import_module(f"lerecord.fleet.{work['module']}").do
    books = Books(folder)
    (folder / _RESULTS).mkdir(exist_ok=True)
    for number in share(len(items), rank, world):
        if is_orphan():
            break
        if books.is_done(number):
            continue
        item = json.loads(items[number])
        if item["name"] in books.given_up():
            reason = f"{item['name']}: the process that worked on it died, twice."
            books.trouble(rank, root=item["root"], name=item["name"], reason=reason)
            books.mark_done(number)
            continue
        books.at(rank, item["name"])
        try:
            write_lines(folder / _RESULTS / f"{number:07d}", [do(work["told"], item)])
        except Exception as error:
            reason = sentence_of(error, Path(item["root"]), item["name"])
            books.trouble(rank, root=item["root"], name=item["name"], reason=reason)
        books.mark_done(number)
        yield
    books.ended(rank)
