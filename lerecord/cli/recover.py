"""`lerecord recover`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.group import refuse
from lerecord.cli.options import Dataset


def recover(
    dataset: Dataset = Path(),
    discard: Annotated[
        bool, typer.Option("--discard", help="Delete the interrupted takes instead.")
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Let interrupted re-recordings replace their episodes."),
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add interrupted re-recordings as new episodes.")
    ] = False,
) -> None:
    """Recover takes interrupted by a crash or power loss."""
    from lerecord.dataset.write import recover as run

    if discard + replace + append > 1:
        refuse("--discard, --replace and --append cannot be combined; give one.")
    raise typer.Exit(run(dataset, discard, "replace" if replace else "append" if append else None))
