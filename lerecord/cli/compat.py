"""`lerecord compat`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets as completed
from lerecord.cli.options import AllowHardware, AsJson
from lerecord.cli.output import Output

EPILOG = """\b
Example:
  lerecord compat datasets/monday datasets/tuesday
"""


def compat(
    datasets: Annotated[
        list[Path],
        typer.Argument(metavar="DIR...", help="Dataset folders.", autocompletion=completed),
    ],
    allow_hardware: AllowHardware = False,
    as_json: AsJson = False,
) -> None:
    """Report whether datasets can be merged, and how they differ.

    Each is compared with the first. Exits with 1 if they cannot be merged.
    """
    from lerecord.cli.join_report import compat as run

    with Output(as_json) as output:
        raise typer.Exit(run(datasets, allow_hardware, output))
