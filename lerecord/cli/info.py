"""`lerecord info`."""

from pathlib import Path

from lerecord.cli.options import AsJson, Dataset


def info(dataset: Dataset = Path(), as_json: AsJson = False) -> None:
    """Show a summary of a dataset."""
    from lerecord.cli.dataset_report import info as run

    run(dataset, as_json)
