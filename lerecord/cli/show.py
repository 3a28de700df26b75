"""`lerecord show`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output

EPILOG = """\b
Examples:
  lerecord show datasets/box 3
  lerecord show datasets/box last --sheet last.jpg
"""


def show(
    dataset: Dataset = Path(),
    episode: Annotated[
        str, typer.Argument(metavar="EPISODE", help="Its number from 0, or last.")
    ] = "last",
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write images of its cameras into one JPEG."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show an episode in the terminal: health, label, image ages, curves."""
    from lerecord.cli.show_report import show_episode as run

    with Output(as_json) as output:
        run(dataset, episode, sheet, output)
