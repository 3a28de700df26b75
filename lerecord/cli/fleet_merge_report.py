"""`lerecord fleet merge`, as a person or a program reads it."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.commands import command
from lerecord.dataset.storage import megabytes
from lerecord.fleet import HowToMerge, Merged, Request, State, merge_fleet


def merge(request: Request, how: HowToMerge, state: Path | None, output: Output) -> int:
    """Merge datasets and say what came of it; the exit status, 0 when all could be taken.

    It is 1 also while Slurm has the work.

    Raises:
        ConfigError: the condition means nothing, or the engine cannot run here.
        DatasetError: they cannot be merged.
        LerecordError: the engine failed.
    """
    with Progress() as progress:
        told = replace(how, progress=progress.told("merged"))
        merged = merge_fleet(request, State(state), told)
    sides = [{"side": side, **_data(each)} for side, each in merged.sides.items()]
    output.result({**_data(merged), "sides": sides}, _lines(merged))
    return 1 if merged.left_episodes or merged.troubles or merged.jobs else 0


def _data(merged: Merged) -> dict[str, object]:
    return {
        "dataset": merged.dataset,
        "format": merged.version,
        "episodes": merged.episodes,
        "frames": merged.frames,
        "tasks": merged.tasks,
        "sources": merged.sources,
        "left_episodes": [
            {"dataset": each.root, "episode": each.episode, "reason": each.reason}
            for each in merged.left_episodes
        ],
        "troubles": [asdict(each) for each in merged.troubles],
        "left_out": merged.left_out,
        "jobs": merged.jobs,
        "done": merged.done,
        "progress": None if merged.progress is None else asdict(merged.progress),
        "sent": [asdict(each) for each in merged.sent],
    }


def _lines(merged: Merged) -> Iterator[str]:
    for left in merged.left_episodes:
        yield f"left out: {left.root}, episode {left.episode}: {left.reason}"
    for trouble in merged.troubles:
        yield f"trouble: {trouble}"
    for name in merged.left_out:
        yield f"Not carried over: {name}."
    for each in merged.sides.values() or [merged]:
        yield _sentence(each)
    for copy in merged.sent:
        yield f"{copy.address} has it; {copy.files} files ({megabytes(copy.size_bytes)}) were sent."


def _sentence(merged: Merged) -> str:
    what = (
        f"{merged.episodes} episodes, {merged.frames} frames and {merged.tasks} tasks of "
        f"{merged.sources} datasets"
    )
    if merged.jobs:
        how_far = merged.progress
        done = f"; {how_far.done} of {how_far.total} {how_far.unit} are done" if how_far else ""
        jobs = ", ".join(merged.jobs)
        return f"Slurm has the work as {jobs}: {what} go into {merged.dataset}{done}."
    if not merged.done:
        return f"{merged.dataset} would have {what}."
    check = command("check", merged.dataset)
    verified = f"; {check} verifies it" if merged.version == "v2.1" else ""
    return f"{merged.dataset} has {what}{verified}."
