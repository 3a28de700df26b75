"""`lerecord info`, `lerecord list` and `lerecord check`, as a person or a program reads them."""

import sys
from dataclasses import asdict
from pathlib import Path

from lerecord.commands import command
from lerecord.dataset.overview import Overview, episodes, summary
from lerecord.dataset.verify import check as verified
from lerecord.printable import print_json, print_line, print_progress


def info(root: Path, as_json: bool = False) -> None:
    """Print what a dataset contains.

    Raises:
        DatasetError: there is none.
    """
    overview = summary(root)
    if as_json:
        print_json(asdict(overview))
        return
    for line in _overview_lines(root, overview):
        print_line(line)


def list_episodes(root: Path, as_json: bool = False) -> None:
    """Print a line an episode.

    Raises:
        DatasetError: there is no dataset, or it cannot be read.
    """
    found = episodes(root)
    if as_json:
        print_json({"episodes": [asdict(each) for each in found]})
        return
    health = max((len(each.health) for each in found), default=0)
    for each in found:
        print_line(
            f"{each.episode:4d}  {each.seconds:6.1f} s  {each.health:{health}}  "
            f"{'; '.join(each.tasks)}"
        )


def check(root: Path, quick: bool = False, as_json: bool = False) -> int:
    """Verify a dataset and print a line a finding; the exit status, 0 when all is right.

    Raises:
        DatasetError: there is none.
    """
    show_progress = sys.stderr.isatty() and not as_json
    report = verified(root, quick, _show if show_progress else None)
    if show_progress:
        print_progress("")
    if as_json:
        print_json({"sound": report.sound, **asdict(report)})
        return 0 if report.sound else 1
    for finding in report.findings:
        print_line(f"wrong: {finding}")
    for remark in report.remarks:
        print_line(f"remark: {remark}")
    depth = "no image was decoded" if quick else "every image was decoded"
    unchecked = f"not checked: {', '.join(report.unchecked)}"
    if report.sound:
        more = f"; {unchecked}" if report.unchecked else ""
        print_line(f"{root}: nothing is wrong ({depth}{more}).")
    else:
        more = f" ({unchecked})" if report.unchecked else ""
        print_line(f"{root}: {len(report.findings)} findings{more}.")
    return 0 if report.sound else 1


def _show(done: int, episodes: int) -> None:
    print_progress(f"checked {done} of {episodes} episodes")


def _overview_lines(root: Path, overview: Overview) -> list[str]:
    rig = {True: " (simulated)", False: "", None: " (not recorded by lerecord)"}
    lines = [
        f"robot     {overview.robot_type or 'not named'}{rig[overview.simulated]}",
        f"episodes  {overview.episodes}, {overview.frames} frames at {overview.fps} a second, "
        f"{_duration(overview.seconds)}",
    ]
    lines += [f"task      {count} x {task}" for task, count in overview.tasks.items()]
    lines += [
        f"camera    {each.name}, {each.width}x{each.height}, {each.codec or 'codec not stated'}"
        for each in overview.cameras
    ]
    lines.append(f"disk      {overview.disk_bytes / 1e6:.1f} MB")
    if overview.left_takes:
        left = overview.left_takes
        takes, them = ("1 take", "it") if len(left) == 1 else (f"{len(left)} takes", "them")
        lines.append(
            f"unsaved   {takes}: {', '.join(left)} (to save {them}: {command('recover', root)})"
        )
    if damaged := overview.unreadable_takes:
        takes = "1 take" if len(damaged) == 1 else f"{len(damaged)} takes"
        recover = command("recover", root)
        lines.append(f"damaged   {takes}: {', '.join(damaged)}; {recover} says what is wrong")
    return lines


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
