"""`lerecord fleet merge`, as a person or a program reads it."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.commands import command
from lerecord.fleet import HowToMerge, Merged, Request, State, merge_fleet


def merge(request: Request, how: HowToMerge, state: Path | None, output: Output) -> int:
    """Merge datasets and say what came of it; the exit status, 0 when all could be taken.

    Raises:
        ConfigError: the condition means nothing, or the engine cannot run here.
        DatasetError: they cannot be merged.
        LerecordError: the engine failed.
    """
    with Progress() as progress:
        told = replace(how, progress=progress.told("merged"))
        merged = merge_fleet(request, State(state), told)
    document = asdict(merged)
    document["left_episodes"] = [
        {"dataset": each.root, "episode": each.episode, "reason": each.reason}
        for each in merged.left_episodes
    ]
    output.result({"format": document.pop("version"), **document}, _lines(merged))
    return 1 if merged.left_episodes or merged.troubles else 0


def _lines(merged: Merged) -> Iterator[str]:
    for each in merged.left_episodes:
        yield f"left out: {each.root}, episode {each.episode}: {each.reason}"
    for trouble in merged.troubles:
        yield f"trouble: {trouble}"
    for name in merged.left_out:
        yield f"Not carried over: {name}."
    what = (
        f"{merged.episodes} episodes, {merged.frames} frames and {merged.tasks} tasks of "
        f"{merged.sources} datasets"
    )
    if merged.jobs:
        yield f"Slurm has the work as {', '.join(merged.jobs)}: {what} go into {merged.dataset}."
    elif merged.done:
        check = command("check", merged.dataset)
        verified = f"; {check} verifies it" if merged.version == "v2.1" else ""
        yield f"{merged.dataset} has {what}{verified}."
    else:
        yield f"{merged.dataset} would have {what}."
