"""`lerecord bench`."""

import itertools
from dataclasses import asdict
from typing import Annotated

import typer

from lerecord.cli.options import AsJson
from lerecord.cli.output import Output

EPILOG = """\b
Example:
  lerecord bench --cameras 3 --fps 60 --seconds 30
"""


def bench(
    cameras: Annotated[int, typer.Option(min=1, help="Number of cameras.")] = 2,
    fps: Annotated[int, typer.Option(min=1, help="Rate of the loop and of each camera.")] = 30,
    size: Annotated[str, typer.Option(metavar="WxH", help="Image size.")] = "640x480",
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of a take.")] = 10.0,
    takes: Annotated[int, typer.Option(min=1, help="Number of takes.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Measure what recording costs on this machine, without hardware."""
    from lerecord.bench import Load, size_of
    from lerecord.bench import bench as run

    width, height = size_of(size)
    with Output(as_json) as output:
        cost = run(Load(cameras, fps, width, height, seconds, takes))
        output.result(cost, itertools.starmap(_line, asdict(cost).items()))


def _line(name: str, value: object) -> str:
    return f"{name:28s} {value:.3f}" if isinstance(value, float) else f"{name:28s} {value}"
