"""`lerecord import`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import Out


def import_(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Dataset in LeRobot's v3.0.")],
    out: Out,
) -> None:
    """Convert a LeRobot v3.0 dataset to v2.1, without re-encoding."""
    from lerecord.cli.join_report import import_ as run

    run(source, out)
