"""Processor time and memory of a process and all below it, read from Linux's /proc."""

import os
from dataclasses import dataclass, field
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Usage:
    """Of one kind of process: the module it runs, or "control".

    Attributes:
        cpu_s: user and system time so far.
        pss_bytes: memory, with what is shared counted in parts, at the last look.
    """

    cpu_s: float = 0.0
    pss_bytes: int = 0


@dataclass(slots=True)
class Meter:
    """Watches the family of a process; what a member had used when it ended stays counted."""

    pid: int
    _cpu_s: dict[int, tuple[str, float]] = field(default_factory=dict)

    def look(self) -> dict[str, Usage]:
        """Usage by kind, now."""
        usage: dict[str, Usage] = {}
        for pid in family(self.pid):
            try:
                kind, cpu_s, pss = _kind(pid, self.pid), _cpu_s(pid), _pss(pid)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it has just ended
            self._cpu_s[pid] = (kind, cpu_s)
            usage.setdefault(kind, Usage()).pss_bytes += pss
        for kind, cpu_s in self._cpu_s.values():
            usage.setdefault(kind, Usage()).cpu_s += cpu_s
        return usage


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
    modules = [each for each in arguments if each.startswith("lerecord.")]
    return modules[0] if modules else "other"


def _cpu_s(pid: int) -> float:
    # Fields 14 and 15 of proc(5); the command in the second may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
