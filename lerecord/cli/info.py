"""`lerecord info`."""

from pathlib import Path

from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output


def info(dataset: Dataset = Path(), as_json: AsJson = False) -> None:
    """Show a summary of a dataset."""
    from lerecord.cli.dataset_report import info as run

    with Output(as_json) as output:
        run(dataset, output)
