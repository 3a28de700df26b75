"""`lerecord fleet stats` and `transcode`, as a person or a program reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.dataset.storage import megabytes
from lerecord.fleet import (
    FleetStats,
    FleetTranscode,
    HowToWork,
    RigStats,
    State,
    statistics,
)
from lerecord.fleet import transcode as transcoded

_SHOWN = ("min", "q01", "q50", "q99", "max", "mean", "std")


def stats(roots: Sequence[str], state: Path | None, how: HowToWork, output: Output) -> int:
    """Show the statistics of every kind of rig; the exit status, 0 when all was read.

    Raises:
        ConfigError: the engine cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    with Progress() as progress:
        found = statistics(roots, State(state), replace(how, progress=progress.told("read")))
    document = {
        "rigs": [
            {
                "rig": each.rig,
                "datasets": each.datasets,
                "episodes": each.episodes,
                "frames": each.frames,
                "features": {key: full.to_data() for key, full in each.features.items()},
            }
            for each in found.rigs
        ],
        "troubles": [asdict(each) for each in found.troubles],
        "read": found.read,
        "left": found.left,
        "jobs": list(found.jobs),
    }
    output.result(document, _stats_lines(found))
    return 1 if found.troubles or found.left else 0


def _stats_lines(found: FleetStats) -> Iterator[str]:
    for rig in found.rigs:
        count = len(rig.datasets)
        yield (
            f"{rig.rig or 'not named'}: {count} dataset{'' if count == 1 else 's'}, "
            f"{rig.episodes} episodes, {rig.frames} frames"
        )
        rows = [("", *_SHOWN), *_rows(rig)]
        width = max(len(row[0]) for row in rows)
        for name, *cells in rows:
            yield f"  {name.ljust(width)} {''.join(cell.rjust(11) for cell in cells)}"
    for trouble in found.troubles:
        yield f"trouble: {trouble}"
    yield from _jobs(found.jobs)
    left = f"; {found.left} are still to be read" if found.left else ""
    yield f"{found.read} episodes were read now, the others had not changed{left}."


def _rows(rig: RigStats) -> Iterator[tuple[str, ...]]:
    for key, full in rig.features.items():
        data = full.to_data()
        columns = [np.ravel(data[name]) for name in _SHOWN]
        names = rig.names.get(key, ("red", "green", "blue"))
        for place, values in enumerate(zip(*columns, strict=True)):
            name = names[place] if place < len(names) else str(place)
            label = key if len(columns[0]) == 1 else f"{key} {name}"
            yield label, *(f"{value:.4g}" for value in values)


def transcode(
    roots: Sequence[str], profile: str, given: tuple[Path | None, HowToWork], output: Output
) -> int:
    """Encode every dataset's videos anew; the exit status, 0 when all have the profile.

    Raises:
        ConfigError: the profile is not known, or the engine cannot run here.
        LerecordError: the engine failed.
    """
    state, how = given
    with Progress() as progress:
        told = replace(how, progress=progress.told("encoded"))
        found = transcoded(roots, State(state), profile, told)
    document = {
        "profile": profile,
        "datasets": [asdict(each) for each in found.datasets],
        "troubles": [asdict(each) for each in found.troubles],
        "jobs": list(found.jobs),
    }
    output.result(document, _transcode_lines(found, profile))
    left = any(each.left for each in found.datasets) and not how.dry_run
    return 1 if found.troubles or left else 0


def _transcode_lines(found: FleetTranscode, profile: str) -> Iterator[str]:
    for each in found.datasets:
        if each.changed:
            sizes = f"{megabytes(each.video_bytes)} instead of {megabytes(each.video_bytes_before)}"
            yield f"{each.dataset}: the videos take {sizes}."
    for trouble in found.troubles:
        yield f"trouble: {trouble}"
    yield from _jobs(found.jobs)
    changed = sum(each.changed for each in found.datasets)
    left = sum(each.left for each in found.datasets)
    still = f", {left} are still to be done" if left else ""
    yield (
        f"{len(found.datasets)} datasets: {changed} were encoded as {profile} now, "
        f"{len(found.datasets) - changed - left} were so already{still}."
    )


def _jobs(jobs: Sequence[str]) -> Iterator[str]:
    if jobs:
        yield (
            f"Slurm has the work as {', '.join(jobs)}; the same command shows the result when it "
            f"is done."
        )
