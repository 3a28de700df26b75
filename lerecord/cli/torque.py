"""`lerecord torque off`."""

import typer

from lerecord.cli.group import Commands, show_help
from lerecord.cli.help import Command
from lerecord.cli.options import AsJson, Hardware

app = typer.Typer(cls=Commands, add_completion=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def torque(context: typer.Context) -> None:
    """Release arms that were left under torque."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command(cls=Command)
def off(hardware: Hardware = None, as_json: AsJson = False) -> None:
    """Let every arm of a rig go: it sinks, so hold it."""
    from lerecord.cli.output import Output
    from lerecord.cli.torque_report import let_go

    with Output(as_json) as output:
        raise typer.Exit(let_go(hardware, output))
