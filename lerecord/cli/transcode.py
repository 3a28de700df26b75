"""`lerecord transcode`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output

EPILOG = """\b
Example:
  lerecord transcode datasets/box --profile archive
"""


def transcode(
    dataset: Dataset,
    profile: Annotated[
        str, typer.Option(metavar="NAME", help="Video profile: default, fast or archive.")
    ] = "archive",
    as_json: AsJson = False,
) -> None:
    """Re-encode the videos of a dataset, usually to save disk space."""
    from lerecord.cli.edit_report import transcode as run

    with Output(as_json) as output:
        run(dataset, profile, output)
