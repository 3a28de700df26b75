"""`lerecord export`."""

from typing import Annotated

import typer

from lerecord.cli.options import Dataset, Out


def export(
    dataset: Dataset,
    out: Out,
    version: Annotated[str, typer.Option("--format", help="LeRobot format version.")] = "v3.0",
) -> None:
    """Convert a dataset to LeRobot v3.0, without re-encoding."""
    from lerecord.cli.join_report import export as run

    run(dataset, out, version)
