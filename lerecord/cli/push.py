"""`lerecord push`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Dataset, License, Private, RepoId
from lerecord.cli.output import Output

EPILOG = """\b
Examples:
  lerecord push datasets/box --repo-id me/box
  lerecord push datasets/box --repo-id me/box-v3 --format v3.0
"""


def push(
    dataset: Dataset = Path(),
    repo_id: RepoId = None,
    private: Private = None,
    version: Annotated[
        str, typer.Option("--format", metavar="V", help="LeRobot format version: v2.1 or v3.0.")
    ] = "v2.1",
    tag: Annotated[
        str | None, typer.Option(help="Git tag to move to this version [the format].")
    ] = None,
    license_: License = None,
    as_json: AsJson = False,
) -> None:
    """Upload a dataset to the Hugging Face Hub.

    Only what differs is sent. If interrupted, run it again.
    """
    from lerecord.hub import PushOptions, of_environment

    of_environment()
    from lerecord.cli.hub_report import push as run

    with Output(as_json) as output:
        run(dataset, PushOptions(repo_id, private, version, tag, license_), output)
