"""What becomes part of another dataset, or is trained on as one, is checked first."""

from collections.abc import Iterable
from pathlib import Path

from lerecord.commands import command
from lerecord.counted import counted
from lerecord.dataset.format import NUMBERS
from lerecord.dataset.read import stored_at
from lerecord.dataset.verify.dataset import check
from lerecord.dataset.verify.findings import Finding, Report
from lerecord.dataset.verify.versions import VERSIONS
from lerecord.errors import DatasetError

_KEPT_IN = tuple(version.stats for version in VERSIONS.values())
_MADE_ANEW = tuple(f" of {key} is not that of its frames." for key in NUMBERS)


def _is_made_anew(finding: Finding) -> bool:
    """True of statistics of columns that are numbered anew."""
    return finding.text.startswith(_KEPT_IN) and finding.text.endswith(_MADE_ANEW)


def obstacles(report: Report) -> list[Finding]:
    """What keeps episodes from becoming part of another dataset."""
    found = report.findings
    return [each for each in found if each.episode is not None and not _is_made_anew(each)]


def require_sound(roots: Iterable[Path]) -> None:
    """Refuse datasets of which an episode is not what its metadata says; no image is decoded.

    What stands once in a dataset and follows from its episodes is made anew, so it is no obstacle.

    Raises:
        DatasetError: one has such an episode, which is named, or cannot be read.
    """
    for root in roots:
        stored_at(root).tasks()  # where they cannot be read, every frame would seem wrong
        wrong = obstacles(check(root, quick=True))
        if not wrong:
            continue
        others = "" if len(wrong) == 1 else f" ({counted(len(wrong) - 1, 'more finding')})"
        raise DatasetError(
            f"{root} is not sound: {str(wrong[0]).rstrip('.')}{others}; "
            f"{command('check', root)} lists everything."
        )
