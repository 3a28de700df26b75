"""`lerecord export`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset, Out
from lerecord.cli.output import Output

EPILOG = """\b
Example:
  lerecord export datasets/box datasets/box-v3
"""


def export(
    dataset: Dataset,
    out: Out,
    version: Annotated[
        str, typer.Option("--format", metavar="V", help="LeRobot format version.")
    ] = "v3.0",
    as_json: AsJson = False,
) -> None:
    """Convert a dataset to LeRobot v3.0, without re-encoding."""
    from lerecord.cli.join_report import export as run

    with Output(as_json) as output:
        run(dataset, out, version, output)
