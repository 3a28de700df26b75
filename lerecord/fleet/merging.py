"""One training set of many datasets: a plan, workers, and one publisher.

Killed anywhere, it is resumed by the same command; done twice, it changes nothing. Whatever the
engine and the number of tasks, the bytes are those of one process.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from lerecord.dataset.format import Info, layout
from lerecord.dataset.join import require_compatible, widest
from lerecord.dataset.read import Stored, stored_at
from lerecord.dataset.storage import DatasetLock, Snapshot
from lerecord.errors import DatasetError, LerecordError
from lerecord.fleet.books import Books
from lerecord.fleet.catalog import SourceFacts, facts_of
from lerecord.fleet.engine import Engine, require_engine, run
from lerecord.fleet.merge_folder import LeftEpisode, MergeFolder, Request, request_in
from lerecord.fleet.merge_jobs import given_before, note_given
from lerecord.fleet.merged import Merged
from lerecord.fleet.plan import Plan, planned
from lerecord.fleet.publisher import Outcome
from lerecord.fleet.records import Records, require_same
from lerecord.fleet.rounds import HowToMerge, done_here, stages_of
from lerecord.fleet.sending import send
from lerecord.fleet.sides import SIDES
from lerecord.fleet.sources import Source, Trouble, find, is_being_changed, is_dataset, tried
from lerecord.fleet.state import State

_ROUNDS = 5  # each without the episodes that the one before could not take


_AS_GIVEN = HowToMerge()


def merge_fleet(request: Request, state: State, how: HowToMerge = _AS_GIVEN) -> Merged:
    """Make one dataset of the episodes that are wanted; the datasets stay as they are.

    Args:
        request: what is to be made.
        state: remembers what was made.
        how: by what.

    Raises:
        ConfigError: the condition means nothing, or the engine cannot run here.
        DatasetError: the datasets cannot be joined, or the disk refuses.
        LerecordError: the engine failed.
    """
    require_engine(how.engine)
    if request.wish.split is None or request.wish.side:
        merged = _merged_one(request, state, how)
        if merged.done and request.to:
            merged = replace(merged, sent=[send(request.out, request.to, state)])
        return merged
    if is_dataset(request.out):
        raise DatasetError(
            f"{request.out} is a dataset; name another folder for {' and '.join(SIDES)}."
        )
    sides = {side: merge_fleet(request.of_side(side), state, how) for side in SIDES}
    return Merged.of_sides(sides, request)


def _merged_one(request: Request, state: State, how: HowToMerge) -> Merged:
    """On Slurm the work is given away, unless Slurm has it; what became of earlier jobs is told."""
    is_made = Records(state, request.out).of_made() is not None
    if how.engine.executor != "slurm" or how.dry_run or is_made:
        return _planned_and_done(request, state, how)
    folder = MergeFolder(request)
    given = given_before(folder, request)
    if given.merged is not None:
        return given.merged
    merged = _planned_and_done(request, state, how)
    if merged.done:  # by jobs that ended just now
        return merged
    note_given(folder, merged)
    return replace(merged, troubles=[*merged.troubles, *given.troubles])


def _planned_and_done(request: Request, state: State, how: HowToMerge) -> Merged:
    folder, records = MergeFolder(request), Records(state, request.out)
    made = records.of_made()
    left = folder.left() if made is None else list(made.left)
    for _ in range(_ROUNDS):
        found, troubles = _catalog(request, state)
        plan = planned([facts for facts, _ in found], request.wish, _still_left(left, found))
        info = _info(plan, found, request)
        merged = _merged(request, plan, left, troubles)
        if made is not None:
            require_same(made, folder.job(request, plan, info), request)
            folder.clear()
            return replace(merged, left_out=made.left_out)
        if how.dry_run:
            return replace(merged, done=False)
        outcome = _done(request, folder, (plan, info), records, how)
        if isinstance(outcome, Outcome):
            if outcome.done:
                folder.clear()
            return replace(merged, left_out=outcome.left_out, jobs=outcome.jobs, done=outcome.done)
        left += outcome
        folder.keep_left(left)
    raise DatasetError(
        f"Each time, further episodes could not be taken; `lerecord fleet check` says what is "
        f"wrong. The last: {left[-1].reason}"
    )


def _done(
    request: Request,
    folder: MergeFolder,
    what: tuple[Plan, Info],
    records: Records,
    how: HowToMerge,
) -> Outcome | list[LeftEpisode]:
    """Have the work done, or given to Slurm; the episodes that could not be taken, if any."""
    with DatasetLock(folder.path):
        job = folder.prepare(request, *what, records.state.folder)
        if how.engine.executor != "slurm":
            return done_here(request, job, records, how)
    # Without the lock, for the publisher takes it, and may begin at once.
    return Outcome(jobs=run(stages_of(request, folder, job), how.engine), done=False)


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Finish a merge whose workers were jobs of Slurm, as one of them."""
    request, state = request_in(folder)
    with _telling_why(folder):
        merge_fleet(request, State(state), HowToMerge(Engine(workers=1)))
    yield


def lay_out(folder: Path) -> None:
    """Do the same until the files of v3.0 are planned, which are further jobs."""
    request, state = request_in(folder)
    with _telling_why(folder):
        _merged_one(request, State(state), HowToMerge(Engine(workers=1), lay_out=True))


@contextmanager
def _telling_why(folder: Path) -> Iterator[None]:
    """Nobody sees what a job of Slurm raises; the next command tells it."""
    try:
        yield
    except LerecordError as error:
        if folder.exists():
            Books(folder).trouble(0, reason=str(error))
        raise


_Found = tuple[SourceFacts, Stored]


def _catalog(request: Request, state: State) -> tuple[list[_Found], list[Trouble]]:
    sources, troubles = find(request.roots, state)
    sources = [each for each in sources if each.root not in request.made]
    found: list[_Found] = []
    for source in sources:
        facts = tried(source, lambda source=source: _facts(source))  # type: ignore[misc]
        if isinstance(facts, Trouble):
            troubles.append(facts)
        else:
            found.append(facts)
    return found, troubles


def _facts(source: Source) -> _Found:
    if is_being_changed(source.root):
        raise DatasetError(
            f"{source.root} is being recorded into or changed; merge it when that has ended."
        )
    stored = stored_at(source.root)
    facts = facts_of(source, stored)
    if isinstance(stored, Snapshot):  # of many large datasets not everything can be kept
        stored = replace(stored, meta={layout.HARDWARE: stored.meta[layout.HARDWARE]})
    return facts, stored


def _still_left(left: Sequence[LeftEpisode], found: Sequence[_Found]) -> set[tuple[str, int]]:
    """Of the episodes that could not be taken those whose dataset has not changed since."""
    digests = {str(facts.root): facts.digest for facts, _ in found}
    return {(each.root, each.episode) for each in left if digests.get(each.root) == each.digest}


def _info(plan: Plan, found: Sequence[_Found], request: Request) -> Info:
    """The new dataset's info.json; refuses datasets that cannot be joined."""
    by_root = {facts.root: stored for facts, stored in found}
    datasets = [by_root[root] for root, _ in plan.sources]
    require_compatible(datasets, request.allow_hardware)
    form = widest([each.info for each in datasets])
    return replace(form, episodes=len(plan), frames=plan.frames, tasks=len(plan.tasks))


def _merged(
    request: Request, plan: Plan, left: Sequence[LeftEpisode], troubles: Sequence[Trouble]
) -> Merged:
    return Merged(
        dataset=request.out,
        version=request.version,
        episodes=len(plan),
        frames=plan.frames,
        task_names=plan.tasks,
        sources=len(plan.sources),
        left_episodes=list(left),
        troubles=list(troubles),
    )
