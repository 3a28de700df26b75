"""`lerecord label`."""

from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset, Episodes
from lerecord.cli.output import Output

EPILOG = """\b
Examples:
  lerecord label datasets/box 3 7-9 --success
  lerecord label datasets/box last --failure --note "Dropped the box"
  lerecord label datasets/box 3 --clear
"""


def label(
    dataset: Dataset,
    episodes: Episodes,
    success: Annotated[
        bool | None,
        typer.Option("--success/--failure", help="The task was done, or not.", show_default=False),
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help='A note; "" removes it.')] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove label and note first.")] = False,
    as_json: AsJson = False,
) -> None:
    """Mark episodes as a success or a failure, or add a note.

    Labels stay with their episodes through every edit, merge, export and push.
    """
    from lerecord.cli.edit_report import run, watch
    from lerecord.cli.episodes import indices
    from lerecord.dataset.edit import operations as operations
    from lerecord.dataset.format import LabelChange

    change = LabelChange(success, note, clear)
    with Output(as_json) as output, watch() as watched:
        run(output, operations.label, dataset, indices(episodes, dataset), change, watched)
