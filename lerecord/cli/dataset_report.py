"""`lerecord info`, `lerecord list` and `lerecord check`, as a person or a program reads them."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lerecord.cli.output import Output
from lerecord.cli.progress import Progress
from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.format import CODEBASE_VERSION
from lerecord.dataset.overview import Overview, episodes, summary
from lerecord.dataset.verify import Finding, Report
from lerecord.dataset.verify import check as verified

_LABELS = {True: "success", False: "failure", None: ""}


def info(root: Path, output: Output) -> None:
    """Print what a dataset contains.

    Raises:
        DatasetError: there is none.
    """
    overview = summary(root)
    output.result({"dataset": root, **asdict(overview)}, _overview_lines(root, overview))


def list_episodes(root: Path, output: Output) -> None:
    """Print a line an episode.

    Raises:
        DatasetError: there is no dataset, or it cannot be read.
    """
    found = episodes(root)
    health = max((len(each.health) for each in found), default=0)
    label = max((len(_LABELS[each.success]) for each in found), default=0)
    lines = (
        f"{each.episode:4d}  {each.seconds:6.1f} s  {each.health:{health}}  "
        f"{_LABELS[each.success]:{label}}{'  ' if label else ''}{'; '.join(each.tasks)}"
        f"{f' ({each.note})' if each.note else ''}"
        for each in found
    )
    output.result({"dataset": root, "episodes": [asdict(each) for each in found]}, lines)


def check(root: Path, quick: bool, output: Output) -> int:
    """Verify a dataset and print a line a finding; the exit status, 0 when all is right.

    Raises:
        DatasetError: there is none.
    """
    with Progress() as progress:
        report = verified(root, quick, progress.told("checked"))
    document = {
        "dataset": root,
        "sound": report.sound,
        "findings": [finding_data(each) for each in report.findings],
        "remarks": [finding_data(each) for each in report.remarks],
        "unchecked": report.unchecked,
    }
    output.result(document, _check_lines(root, quick, report))
    return 0 if report.sound else 1


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding or remark, as it stands in a document."""
    data = asdict(finding)
    data["frame"] = data.pop("row")
    return data


def _check_lines(root: Path, quick: bool, report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield f"wrong: {finding}"
    for remark in report.remarks:
        yield f"remark: {remark}"
    depth = "no image was decoded" if quick else "every image was decoded"
    unchecked = f"not checked: {', '.join(report.unchecked)}"
    if report.sound:
        more = f"; {unchecked}" if report.unchecked else ""
        yield f"{root}: nothing is wrong ({depth}{more})."
    else:
        more = f" ({unchecked})" if report.unchecked else ""
        yield f"{root}: {counted(len(report.findings), 'finding')}{more}."


def _overview_lines(root: Path, overview: Overview) -> list[str]:
    can_change = overview.version == CODEBASE_VERSION
    rig = {True: " (simulated)", False: "", None: " (not recorded by lerecord)"}
    lines = [
        f"format    LeRobot {overview.version}{'' if can_change else ', only read'}",
        f"robot     {overview.robot_type or 'not named'}{rig[overview.simulated]}",
        f"episodes  {overview.episodes}, {counted(overview.frames, 'frame')} at {overview.fps} a "
        f"second, {_duration(overview.seconds)}",
    ]
    lines += [f"task      {count} x {task}" for task, count in overview.tasks.items()]
    if overview.labels["success"] or overview.labels["failure"]:
        counts = (f"{count} {label}" for label, count in overview.labels.items() if count)
        lines.append(f"labels    {', '.join(counts)}")
    if any(overview.verdicts.values()):
        counts = (f"{count} {verdict}" for verdict, count in overview.verdicts.items() if count)
        lines.append(f"reviews   {', '.join(counts)}")
    lines += [
        f"camera    {each.name}, {each.width}x{each.height}, {each.codec or 'codec not stated'}"
        for each in overview.cameras
    ]
    lines.append(f"disk      {overview.disk_bytes / 1e6:.1f} MB")
    if overview.left_takes:
        left = overview.left_takes
        takes, them = counted(len(left), "take"), "it" if len(left) == 1 else "them"
        lines.append(
            f"unsaved   {takes}: {', '.join(left)} (to save {them}: {command('recover', root)})"
        )
    if damaged := overview.unreadable_takes:
        takes = counted(len(damaged), "take")
        recover = command("recover", root)
        lines.append(f"damaged   {takes}: {', '.join(damaged)}; {recover} says what is wrong")
    return lines


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
