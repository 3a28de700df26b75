"""`lerecord doctor`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.options import AsJson, Hardware


def doctor(
    hardware: Hardware = None,
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="On the disk that datasets are written to.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Examine a rig and this computer: each fault with its remedy. Nothing moves.

    Without --hardware only the computer is examined.
    """
    from lerecord.cli.doctor_report import examine
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        raise typer.Exit(examine(hardware, folder, output))
