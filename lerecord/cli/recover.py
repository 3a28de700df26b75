"""`lerecord recover`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lerecord.cli.group import refuse
from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output

if TYPE_CHECKING:
    from lerecord.dataset.write import TakePlace


EPILOG = """\b
Examples:
  lerecord recover datasets/box
  lerecord recover datasets/box --discard
"""


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
    as_json: AsJson = False,
) -> None:
    """Recover takes interrupted by a crash or power loss."""
    from lerecord.cli.recover_report import recover as run

    if discard + replace + append > 1:
        refuse("--discard, --replace and --append cannot be combined; give one.")
    redone: TakePlace | None = "replace" if replace else "append" if append else None
    with Output(as_json) as output:
        raise typer.Exit(run(dataset, discard, redone, output))
