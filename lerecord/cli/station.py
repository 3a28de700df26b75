"""`lerecord station`."""

from typing import Annotated

import typer

from lerecord.cli.help import example

EPILOG = example("lerecord station")


def station(
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="Port of the page on this machine [any free one]."),
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    """Begin sessions from a page in a browser: rig, dataset and tasks.

    Each is the one that `lerecord record ... --station` begins, and has its keys in this terminal.
    """
    from lerecord.cli.begun_session import station as run

    raise typer.Exit(run(port or 0, browser))
