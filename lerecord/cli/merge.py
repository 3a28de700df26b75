"""`lerecord merge`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets as completed
from lerecord.cli.group import refuse
from lerecord.cli.options import AllowHardware, AsJson
from lerecord.cli.output import Output
from lerecord.printable import print_line

EPILOG = """\b
Example:
  lerecord merge datasets/monday datasets/tuesday datasets/both
"""


def merge(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="DIR... OUT",
            help="Dataset folders, then the output folder.",
            autocompletion=completed,
        ),
    ],
    allow_hardware: AllowHardware = False,
    as_json: AsJson = False,
) -> None:
    """Merge datasets into a new one; the originals are not changed."""
    from lerecord.cli.join_report import merge as run

    if len(folders) < 2:
        refuse("merge needs the datasets and then the output folder: lerecord merge DIR... OUT.")
    *datasets, out = folders
    if out.exists() and not folders[0].exists():
        out, *datasets = folders
        print_line("The output folder comes last now: lerecord merge DIR... OUT.", sys.stderr)
    with Output(as_json) as output:
        run(out, datasets, allow_hardware, output)
