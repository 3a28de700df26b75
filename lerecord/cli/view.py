"""`lerecord view`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.help import example
from lerecord.cli.options import Dataset, OpenBrowser, PagePort

EPILOG = example("lerecord view datasets/box")


def view(
    dataset: Dataset = Path(),
    port: PagePort = None,
    browser: OpenBrowser = True,
    export_html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write one episode as one HTML file, and end."),
    ] = None,
    episode: Annotated[
        int | None, typer.Option(min=0, metavar="K", help="Which, for --export-html.")
    ] = None,
) -> None:
    """Look at a dataset in a browser: every episode, frame by frame."""
    from lerecord.cli.view_session import export_episode
    from lerecord.cli.view_session import view as run

    if export_html is None and episode is None:
        run(dataset, port or 0, browser)
    else:
        export_episode(dataset, export_html, episode)
