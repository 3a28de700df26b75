"""The job of Slurm between the workers of v2.1 and those of v3.0: plans the files of v3.0."""

from collections.abc import Iterator
from pathlib import Path

from lerecord.fleet.merging import lay_out


def work(folder: Path, rank: int, world: int) -> Iterator[None]:
    """Do it, as the only rank."""
    lay_out(folder)
    yield
