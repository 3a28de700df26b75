"""`lerecord fleet status`, as a person or a program reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from lerecord.cli.output import Output
from lerecord.errors import ConfigError
from lerecord.fleet import DatasetStatus, FleetStatus, State, look, status_page
from lerecord.refusals import said


def status(roots: Sequence[Path], html: Path | None, state: Path | None, output: Output) -> int:
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
