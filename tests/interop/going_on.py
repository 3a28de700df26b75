"""LeRobot appends to a dataset of the simulated rig; then lerecord edits it and records on.

    python -m tests.interop.going_on v2.1|v3.0 PLACE DIR NEW

PLACE is an environment with LeRobot 0.3.3 for v2.1, with 0.6.1 for v3.0. DIR stays as it is, NEW
must not exist: it becomes a copy of DIR to which LeRobot has appended, as it is or by way of an
export and an import, and then what lerecord makes of that.
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lerecord
from tests.interop.report import Check, DisagreementError, expect, report

APPEND = Path(__file__).with_name("lerobot_append.py")
SCRIPT = Path(sysconfig.get_path("scripts")) / "lerecord"
TASK = "by LeRobot"
LENGTHS = ("25", "40")


def said_by(*command: str | Path) -> list[str]:
    """The lines that a command prints; it must end well."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    lines = done.stdout.splitlines()
    if done.returncode != 0:
        last = [*lines, *done.stderr.splitlines()][-5:]
        raise DisagreementError(f"{command[0]} ends with {done.returncode}: {' / '.join(last)}")
    return lines


class GoingOn:
    """One dataset through LeRobot's hands and back.

    Args:
        place: LeRobot's environment.
        original: a dataset of the simulated rig.
        root: what is made of it.
    """

    def __init__(self, place: Path, original: Path, root: Path) -> None:
        self._python = place / "bin" / "python"
        self._original = original
        self.root = root

    def append_as_it_is(self) -> str:
        shutil.copytree(self._original, self.root)
        return self.append()

    def append(self) -> str:
        return self._append_to(self.root)

    def append_to_export(self) -> str:
        """Export, let LeRobot append, import."""
        exported = self.root.with_name(f"{self.root.name}-v3.0")
        said_by(SCRIPT, "export", self._original, exported)
        seen = self._append_to(exported)
        said_by(SCRIPT, "import", exported, self.root)
        expect("frames of the import", f"{len(lerecord.Dataset(self.root))} frames" in seen, True)
        return f"{seen}; imported"

    def _append_to(self, root: Path) -> str:
        return said_by(self._python, APPEND, root, TASK, *LENGTHS)[-1]

    def check(self) -> str:
        *remarks, last = said_by(SCRIPT, "check", self.root)
        return f"{last.removeprefix(f'{self.root}: ')} {len(remarks)} remarks"

    def edit(self) -> str:
        """LeRobot's episodes are cut, named anew and removed, as ours are."""
        of = self._episodes()
        said_by(SCRIPT, "edit", "trim", self.root, str(of - 1), "--start", "0.2", "--end", "1")
        expect("frames after trim", lerecord.Dataset(self.root).episodes[-1].length, 24)
        said_by(SCRIPT, "edit", "relabel", self.root, str(of - 2), "--task", "another")
        expect("the task", lerecord.Dataset(self.root).episodes[-2].tasks, ("another",))
        for number in (0, of - 2):
            said_by(SCRIPT, "edit", "delete", self.root, str(number))
            said_by(SCRIPT, "check", self.root)
            said_by(SCRIPT, "edit", "undo", self.root)
        said_by(SCRIPT, "edit", "delete", self.root, "0")
        expect("episodes", self._episodes(), of - 1)
        return "trim, relabel, delete and undo of LeRobot's episodes and of ours"

    def record(self) -> str:
        of = self._episodes()
        said_by(SCRIPT, "--task", "Push the cup", "--dataset", self.root, "--episodes", "1")
        expect("episodes", self._episodes(), of + 1)
        return self._episode(of)

    def rerecord(self) -> str:
        """An episode of LeRobot's is done again."""
        of = self._episodes()
        (number, *_) = [
            each.index for each in lerecord.Dataset(self.root).episodes if each.tasks == (TASK,)
        ]
        said_by(SCRIPT, "rerecord", self.root, str(number), "--task", "Push the cup")
        expect("episodes", self._episodes(), of)
        return self._episode(number)

    def _episodes(self) -> int:
        return len(lerecord.Dataset(self.root).episodes)

    def _episode(self, number: int) -> str:
        episode = lerecord.Dataset(self.root).episodes[number]
        return f"episode {number}: {episode.length} frames, {episode.tasks[0]}"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("version", choices=("v2.1", "v3.0"))
    for name in ("place", "root", "new"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    it = GoingOn(given.place, given.root, given.new)
    first = it.append_as_it_is if given.version == "v2.1" else it.append_to_export
    steps: list[tuple[str, Callable[[], str]]] = [
        ("LeRobot appends", first),
        ("lerecord check", it.check),
        ("lerecord edit", it.edit),
        ("lerecord check", it.check),
        ("lerecord records on", it.record),
        ("lerecord rerecord", it.rerecord),
        ("lerecord check", it.check),
    ]
    if given.version == "v2.1":
        steps += [("LeRobot appends again", it.append), ("lerecord check", it.check)]
    checks = [Check(name, partial(step)) for name, step in steps]
    return 0 if report(f"{given.new.name}, {given.version}", checks) else 1


if __name__ == "__main__":
    sys.exit(main())
