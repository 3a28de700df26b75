"""What a check of a dataset found, one clear line each."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.counted import counted

Rows = Sequence[int] | NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth a remark.

    Attributes:
        text: a sentence.
        episode: where; None when it is the dataset as a whole.
        camera: name; None when it is no image.
        row: the first frame that is meant; None when it is the episode as a whole.
    """

    text: str
    episode: int | None = None
    camera: str | None = None
    row: int | None = None

    def __str__(self) -> str:
        places = (("episode", self.episode), ("camera", self.camera), ("frame", self.row))
        where = ", ".join(f"{name} {value}" for name, value in places if value is not None)
        return f"{where}: {self.text}" if where else self.text


@dataclass(slots=True)
class Report:
    """Everything that a check found.

    Attributes:
        findings: what is wrong.
        remarks: what is right and still worth knowing.
        unchecked: what could not be checked, each a noun phrase.
    """

    findings: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings

    def extend(self, other: "Report") -> None:
        """Add what another part of the check found."""
        self.findings += other.findings
        self.remarks += other.remarks
        self.unchecked += [each for each in other.unchecked if each not in self.unchecked]

    def condense(self) -> None:
        """Keep one remark of each kind and camera, and count the others: figures may differ."""
        kinds: dict[tuple[str | None, str], list[Finding]] = {}
        for each in self.remarks:
            kinds.setdefault((each.camera, _FIGURES.sub("#", each.text)), []).append(each)
        self.remarks = [_with_others(each) for each in kinds.values()]


_FIGURES = re.compile(r"\d+(\.\d+)?")


def _with_others(alike: Sequence[Finding]) -> Finding:
    first = alike[0]
    others = len({each.episode for each in alike} - {first.episode})
    if not others:
        return first
    return replace(first, text=f"{first.text} Likewise in {counted(others, 'more episode')}.")


@dataclass(frozen=True, slots=True)
class Place:
    """Writes findings of one place into a report."""

    report: Report
    episode: int | None = None
    camera: str | None = None

    def of_camera(self, camera: str) -> "Place":
        """The same episode, one camera."""
        return replace(self, camera=camera)

    def wrong(self, text: str, row: int | None = None) -> None:
        """Something is wrong."""
        self.report.findings.append(Finding(text, self.episode, self.camera, row))

    def remark(self, text: str, row: int | None = None) -> None:
        """Something is worth a remark."""
        self.report.remarks.append(Finding(text, self.episode, self.camera, row))

    def unchecked(self, text: str) -> None:
        """Something could not be checked; said once, however often it comes up."""
        if text not in self.report.unchecked:
            self.report.unchecked.append(text)

    def wrong_rows(self, rows: Rows, text: str) -> None:
        """Frames wrong in the same way, if any. The first is named, the others are counted."""
        if len(rows):
            self.wrong(text + _others(rows), int(rows[0]))

    def remark_rows(self, rows: Rows, text: str) -> None:
        """Frames are remarkable in the same way; none is fine."""
        if len(rows):
            self.remark(text + _others(rows), int(rows[0]))

    def expect(self, name: str, found: Any, due: Any) -> None:
        """Wrong when `found` is not `due`."""
        if found != due:
            self.wrong(f"{name} is {found} instead of {due}.")


def _others(rows: Rows) -> str:
    return "" if len(rows) == 1 else f" The same holds for {counted(len(rows) - 1, 'later frame')}."
