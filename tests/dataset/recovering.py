"""`lerecord recover`, called in this process."""

from pathlib import Path

from lerecord.cli.output import Output
from lerecord.cli.recover_report import recover as run
from lerecord.dataset.write import TakePlace


def recover(root: Path, discard_all: bool = False, redone: TakePlace | None = None) -> int:
    """Its exit status."""
    with Output() as output:
        return run(root, discard_all, redone, output)
