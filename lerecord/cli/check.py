"""`lerecord check`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output


def check(
    dataset: Dataset = Path(),
    quick: Annotated[bool, typer.Option("--quick", help="Skip decoding the videos.")] = False,
    as_json: AsJson = False,
) -> None:
    """Verify a dataset, image by image.

    Prints one line per problem; exits with 1 if there are any.
    """
    from lerecord.cli.dataset_report import check as run

    with Output(as_json) as output:
        raise typer.Exit(run(dataset, quick, output))
