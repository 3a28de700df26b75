"""`lerecord fleet status` and `check`, as a person or a program reads them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lerecord.cli.dataset_report import finding_data
from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.errors import ConfigError
from lerecord.fleet import (
    Checking,
    DatasetCheck,
    DatasetStatus,
    FleetCheck,
    FleetStatus,
    State,
    look,
    status_page,
)
from lerecord.fleet import check as checked
from lerecord.refusals import said


def status(roots: Sequence[str], html: Path | None, state: Path | None, output: Output) -> int:
    """Show every dataset; the exit status, 0 when all could be read.

    Raises:
        ConfigError: the page or the state cannot be written.
    """
    found = look(roots, State(state))
    if html is not None:
        _write(html, status_page(found))
    document = {
        "datasets": [asdict(each) for each in found.datasets],
        "troubles": [asdict(each) for each in found.troubles],
        "gone": list(found.gone),
        "episodes": sum(each.episodes for each in found.datasets),
        "seconds": sum(each.seconds for each in found.datasets),
        "disk_bytes": sum(each.disk_bytes for each in found.datasets),
        "page": html,
    }
    output.result(document, _lines(found))
    return 1 if found.troubles else 0


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        sentence = said(error, str(path)) or f"{path} cannot be written ({error.strerror})."
        raise ConfigError(sentence) from error


def _lines(found: FleetStatus) -> Iterator[str]:
    rows = [_cells(each) for each in found.datasets]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()
    for path in found.gone:
        yield f"gone: {path} was there at the last look."
    for trouble in found.troubles:
        yield f"trouble: {trouble}"
    episodes = sum(each.episodes for each in found.datasets)
    hours = sum(each.seconds for each in found.datasets) / 3600
    size = sum(each.disk_bytes for each in found.datasets) / 1e9
    count = len(found.datasets)
    yield (
        f"{count} dataset{'' if count == 1 else 's'}, {episodes} episodes, {hours:.2f} hours, "
        f"{size:.2f} GB."
    )


def _cells(each: DatasetStatus) -> tuple[str, ...]:
    tasks = next(iter(each.tasks)) if len(each.tasks) == 1 else f"{len(each.tasks)} tasks"
    known = [*each.health.items(), *each.labels.items()]
    change = ", ".join(filter(None, (each.change, "recording" if each.recording else "")))
    return (
        str(each.dataset),
        f"{each.robot_type or 'not named'}{' (simulated)' if each.simulated else ''}",
        f"{each.episodes} episodes",
        f"{each.seconds / 3600:.2f} h",
        f"{each.disk_bytes / 1e6:.1f} MB",
        ", ".join(f"{count} {name}" for name, count in known),
        tasks,
        change,
    )


def check(roots: Sequence[str], state: Path | None, how: Checking, output: Output) -> int:
    """Verify every dataset; the exit status, 0 when all is right.

    Raises:
        ConfigError: the engine cannot run here, or the state cannot be written.
        LerecordError: the engine failed.
    """
    with Progress() as progress:
        found = checked(roots, State(state), replace(how, progress=progress.told("checked")))
    document = {
        "sound": found.sound,
        "datasets": [_check_data(each) for each in found.datasets],
        "troubles": [asdict(each) for each in found.troubles],
        "jobs": list(found.jobs),
    }
    output.result(document, _check_lines(found, how))
    return 0 if found.sound else 1


def _check_data(each: DatasetCheck) -> dict[str, Any]:
    return {
        "dataset": each.dataset,
        "sound": each.report.sound,
        "episodes": each.episodes,
        "read": each.to_read - each.left,
        "left": each.left,
        "findings": [finding_data(finding) for finding in each.report.findings],
        "remarks": [finding_data(finding) for finding in each.report.remarks],
        "unchecked": each.report.unchecked,
    }


def _check_lines(found: FleetCheck, how: Checking) -> Iterator[str]:
    for each in found.datasets:
        for finding in each.report.findings:
            yield f"wrong: {each.dataset}: {finding}"
        for remark in each.report.remarks:
            yield f"remark: {each.dataset}: {remark}"
    for trouble in found.troubles:
        yield f"trouble: {trouble}"
    if found.jobs:
        yield (
            f"Slurm has the work as {', '.join(found.jobs)}; the same command shows the result "
            f"when it is done."
        )
    episodes = sum(each.episodes for each in found.datasets)
    left = sum(each.left for each in found.datasets)
    read = sum(each.to_read for each in found.datasets) - left
    wrong = sum(not each.report.sound for each in found.datasets)
    depth = "no image was decoded" if how.quick else "every image was decoded"
    still = f", {left} are still to be read" if left else ""
    yield (
        f"{len(found.datasets)} datasets, {episodes} episodes: {read} were read now ({depth}), "
        f"{episodes - read - left} had not changed{still}; {wrong or 'none'} of the datasets "
        f"{'is' if wrong == 1 else 'are'} wrong."
    )
