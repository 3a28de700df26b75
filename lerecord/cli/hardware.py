"""`lerecord hardware`."""

from typing import Annotated

import typer

from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command
from lerecord.cli.options import AsJson

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(metavar="NAME", help="In hardware_configs/, or a TOML file.")]


@app.callback(invoke_without_command=True)
def hardware(context: typer.Context) -> None:
    """Write, show and check hardware configs."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command)
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the rig; names its file.")],
    kind: Annotated[
        str | None, typer.Option(help="Kind of its arms, such as koch or so101.")
    ] = None,
    leader: Annotated[str | None, typer.Option(metavar="PATH", help="Port of the leader.")] = None,
    follower: Annotated[
        str | None, typer.Option(metavar="PATH", help="Port of the follower.")
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option("--camera", metavar="NAME=PATH", help="A camera; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the config of a new rig.

    Asks for what cannot be found out.
    """
    from lerecord.cli.hardware_session import Asked, write_new
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        write_new(Asked(name, kind, leader, follower, camera or []), output)


@app.command(cls=Command)
def show(name: Name, as_json: AsJson = False) -> None:
    """Show what a config says, with every default."""
    from lerecord.cli.hardware_report import show_config
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        show_config(name, output)


@app.command(cls=Command)
def check(name: Name, as_json: AsJson = False) -> None:
    """Check a config and its calibration files.

    Contacts nothing.
    """
    from lerecord.cli.hardware_report import check_config
    from lerecord.cli.output import Output

    with Output(as_json) as output:
        check_config(name, output)
