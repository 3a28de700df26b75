"""What `lerecord doctor` prints."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

from lerecord.arms import known_arms, misplaced, other_arms
from lerecord.bringup import (
    Finding,
    arm_places,
    examined_arm,
    examined_cameras,
    examined_computer,
    examined_port,
)
from lerecord.cli.output import Output
from lerecord.config import HardwareConfig, find_config, load_config
from lerecord.simulation_client import simulator

_HANG = 8


def examine(hardware: str | None, folder: Path, output: Output) -> int:
    """Print every finding; the exit status, 0 when nothing needs to be done.

    Raises:
        LerecordError: there is no such rig, or its simulator does not start.
    """
    found = _told(_findings(hardware, folder), output)
    wrong = sum(not each.is_right for each in found)
    sound = wrong == 0
    need = "needs" if wrong == 1 else "need"
    last = "Everything is fine." if sound else f"{wrong} of {len(found)} {need} attention."
    output.result({"sound": sound, "findings": found}, [last])
    return 0 if sound else 1


def _told(findings: Iterator[Finding], output: Output) -> list[Finding]:
    """Each finding as it is found."""
    found = []
    for subject, group in groupby(findings, key=lambda each: each.subject):
        output.line(subject)
        for each in group:
            found.append(each)
            _tell(each, output)
    return found


def _tell(finding: Finding, output: Output) -> None:
    output.folded(f"  {'ok   ' if finding.is_right else 'WRONG'} {finding.fact}", _HANG)
    if finding.remedy:
        output.line(f"{' ' * _HANG}-> {finding.remedy}")  # to be pasted, as it is


def _findings(hardware: str | None, folder: Path) -> Iterator[Finding]:
    yield from examined_computer(folder)
    if hardware is None:
        return
    path = find_config(hardware)
    config = load_config(path)
    with ExitStack() as stack:
        if config.simulator is not None and config.simulator.start:
            config = stack.enter_context(simulator(config, demonstrates=False)).config
        yield from _rig(config, path.parent)


def _rig(config: HardwareConfig, folder: Path) -> Iterator[Finding]:
    own = list(known_arms(config, folder, os.environ))
    told = misplaced(own, lambda: other_arms(config, os.environ))
    if told is not None:
        yield Finding("arms", told, "")
    for place in arm_places(config, folder):
        obstacles = list(examined_port(place.name, place.config.port))
        yield from obstacles
        if not obstacles:
            yield from examined_arm(place, place.bus())
    yield from examined_cameras(config.cameras)
