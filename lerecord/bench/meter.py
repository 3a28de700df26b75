"""Processor time and memory of a process and all below it, read from Linux's /proc."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lerecord.processes import child_named

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_ENDED = FileNotFoundError, ProcessLookupError, PermissionError


@dataclass(slots=True)
class Usage:
    """Of one kind of process: a child by its name, "control" or "other".

    Attributes:
        cpu_s: user and system time so far.
        pss_bytes: memory, with what is shared counted in parts, when it was last counted.
    """

    cpu_s: float = 0.0
    pss_bytes: int = 0


@dataclass(slots=True)
class Meter:
    """Watches the family of a process; what a member had used when it ended stays counted.

    Each look counts the memory of one member, in turn: it takes the kernel some milliseconds, in
    which that processor runs nothing else, so that those who are measured would be late.
    """

    pid: int
    _cpu_s: dict[int, tuple[str, float]] = field(default_factory=dict)
    _pss: dict[int, int] = field(default_factory=dict)

    def look(self) -> dict[str, Usage]:
        """Usage by kind, now; the memory of those whose turn has not come yet is missing."""
        members = family(self.pid)
        for pid in members:
            with suppress(*_ENDED):
                self._cpu_s[pid] = _kind(pid, self.pid), _cpu_s(pid)
        self._count_memory(members)
        usage: dict[str, Usage] = {}
        for pid, (kind, cpu_s) in self._cpu_s.items():
            used = usage.setdefault(kind, Usage())
            used.cpu_s += cpu_s
            used.pss_bytes += self._pss.get(pid, 0)
        return usage

    def _count_memory(self, members: list[int]) -> None:
        """Of one of them: who has not been counted yet, or else longest ago."""
        counted = [pid for pid in self._pss if pid in members]  # the latest is the last
        turn = next((pid for pid in members if pid not in counted), None) or counted[0]
        self._pss = {pid: self._pss[pid] for pid in counted if pid != turn}
        with suppress(*_ENDED):
            self._pss[turn] = _pss(turn)


def family(pid: int) -> list[int]:
    """The process and all below it; those that end meanwhile are left out."""
    found, todo = [pid], [pid]
    while todo:
        for children in Path(f"/proc/{todo.pop()}/task").glob("*/children"):
            try:
                below = [int(child) for child in children.read_text(encoding="ascii").split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += below
            todo += below
    return found


def _kind(pid: int, parent: int) -> str:
    if pid == parent:
        return "control"
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return child_named(arguments) or "other"


def _cpu_s(pid: int) -> float:
    # Fields 14 and 15 of proc(5); the command in the second may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
