"""`lerecord find ports` and `lerecord find cameras`."""

from pathlib import Path
from typing import Annotated

import typer

from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command
from lerecord.cli.options import AsJson

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def find(context: typer.Context) -> None:
    """Find what is plugged in."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command)
def ports(
    port: Annotated[
        list[str] | None,
        typer.Option("--port", metavar="PATH", help="Ask only this port; may be repeated."),
    ] = None,
    every: Annotated[
        bool,
        typer.Option("--all", help="Ask every id at every speed; takes a minute per port."),
    ] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Go on until Ctrl-C, and tell what is plugged in and out."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List serial ports, and which servos and which arm answer on each.

    Nothing is written to them.
    """
    from lerecord.cli.find_report import find_ports, watch_ports
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        (watch_ports if watch else find_ports)(port, every, output)


@app.command(cls=Command)
def cameras(
    device: Annotated[
        list[str] | None,
        typer.Option("--device", metavar="PATH", help="Only this one; may be repeated."),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what the cameras see into one JPEG."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List cameras: stable name, size and real rate."""
    from lerecord.cli.find_report import find_cameras
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        find_cameras(device, sheet, output)
