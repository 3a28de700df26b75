"""`lerecord list`."""

from pathlib import Path

from lerecord.cli.options import AsJson, Dataset
from lerecord.cli.output import Output

EPILOG = """\b
Examples:
  lerecord list datasets/box
  lerecord list datasets/box --json
"""


def list_(dataset: Dataset = Path(), as_json: AsJson = False) -> None:
    """List the episodes of a dataset: number, seconds, health, task."""
    from lerecord.cli.dataset_report import list_episodes as run

    with Output(as_json) as output:
        run(dataset, output)
