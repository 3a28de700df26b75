"""`lerecord pull`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson
from lerecord.cli.output import Output

EPILOG = """\b
Examples:
  lerecord pull me/box
  lerecord pull me/box datasets/mine --revision main
"""


def pull(
    repo_id: Annotated[str, typer.Argument(metavar="USER/NAME", help="Repository on the Hub.")],
    out: Annotated[
        Path | None,
        typer.Argument(metavar="OUT", help="Output folder; must not exist [datasets/NAME]."),
    ] = None,
    revision: Annotated[
        str | None, typer.Option(help="Tag, branch or commit [v2.1, else v3.0].")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Download a dataset from the Hugging Face Hub."""
    from lerecord.hub import of_environment

    of_environment()
    from lerecord.cli.hub_report import pull as run

    with Output(as_json) as output:
        run(repo_id, out, revision, output)
