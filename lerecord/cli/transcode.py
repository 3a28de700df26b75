"""`lerecord transcode`."""

from typing import Annotated

import typer

from lerecord.cli.options import Dataset


def transcode(
    dataset: Dataset,
    profile: Annotated[
        str, typer.Option(help="Video profile: default, fast or archive.")
    ] = "archive",
) -> None:
    """Re-encode the videos of a dataset, usually to save disk space."""
    from lerecord.cli.edit_report import transcode as run

    run(dataset, profile)
