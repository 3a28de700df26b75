"""`lerecord sim`."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  lerecord sim --write rig.toml
  lerecord --hardware rig.toml --task "Grab the paper box"
"""


def sim(
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a hardware TOML with which programs reach it."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed for the box's start position.")
    ] = None,
    faults: Annotated[
        Path | None, typer.Option(metavar="FILE", help="TOML file of faults to inject, and when.")
    ] = None,
) -> None:
    """Run the simulated rig alone, for any program to connect to.

    It runs until Ctrl-C.
    """
    from lerecord.simulation_client import run_simulator

    run_simulator(write, seed, faults)
