"""`lerecord import`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Out
from lerecord.cli.output import Output

EPILOG = """\b
Example:
  lerecord import downloads/box-v3 datasets/box
"""


def import_(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Dataset in LeRobot's v3.0.")],
    out: Out,
    as_json: AsJson = False,
) -> None:
    """Convert a LeRobot v3.0 dataset to v2.1, without re-encoding."""
    from lerecord.cli.join_report import import_ as run

    with Output(as_json) as output:
        run(source, out, output)
