"""`lerecord list`."""

from pathlib import Path

from lerecord.cli.options import AsJson, Dataset


def list_(dataset: Dataset = Path(), as_json: AsJson = False) -> None:
    """List the episodes of a dataset: number, seconds, health, task."""
    from lerecord.cli.dataset_report import list_episodes as run

    run(dataset, as_json)
