"""`lerecord fleet`: one function a command."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.completion import datasets as completed
from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command, example
from lerecord.cli.options import AsJson
from lerecord.cli.output import Output

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)

Roots = Annotated[
    list[Path],
    typer.Argument(
        metavar="ROOT...",
        help="Folders; every dataset in them and below is found.",
        autocompletion=completed,
    ),
]
StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Keeps what was found [~/.local/state/lerecord/fleet]."
    ),
]


@app.callback(invoke_without_command=True)
def fleet(context: typer.Context) -> None:
    """Look at, check and merge the datasets of many stations."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command, epilog=example("lerecord fleet status /data --html fleet.html"))
def status(
    roots: Roots,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write it as an HTML page.")
    ] = None,
    state: StateFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show every dataset there is, and what changed since the last look.

    Exits with 1 if something could not be read.
    """
    from lerecord.cli.fleet_report import status as run

    with Output(as_json) as output:
        raise typer.Exit(run(roots, html, state, output))
