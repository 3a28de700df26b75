"""Puts the commands together, and turns what goes wrong into one sentence."""

import os
import stat
import sys
from typing import Annotated

import typer

from lerecord import __version__, refusals, standard_streams
from lerecord.cli import edit, find, torque
from lerecord.cli.bench import bench
from lerecord.cli.calibrate import calibrate
from lerecord.cli.check import check
from lerecord.cli.compat import compat
from lerecord.cli.doctor import doctor
from lerecord.cli.export import export
from lerecord.cli.group import Commands, UsageError, show_help
from lerecord.cli.import_ import import_
from lerecord.cli.info import info
from lerecord.cli.list_ import list_
from lerecord.cli.merge import merge
from lerecord.cli.pull import pull
from lerecord.cli.push import push
from lerecord.cli.record import KEYS, record
from lerecord.cli.recover import recover
from lerecord.cli.replay import replay
from lerecord.cli.rerecord import rerecord
from lerecord.cli.sim import sim
from lerecord.cli.split import EXAMPLES as SPLIT_EXAMPLES
from lerecord.cli.split import split
from lerecord.cli.teleop import DRIVING_KEYS, teleop
from lerecord.cli.transcode import transcode
from lerecord.errors import LerecordError
from lerecord.printable import print_line
from lerecord.supported import require_supported

app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

RECORD, LOOK, CHANGE, SHARE, RIG = "Record", "Look", "Change", "Share", "Rig"
app.command(rich_help_panel=RECORD, epilog=KEYS)(record)
app.command(rich_help_panel=RECORD)(rerecord)
app.command(rich_help_panel=RECORD)(recover)
app.command(rich_help_panel=LOOK)(info)
app.command("list", rich_help_panel=LOOK)(list_)
app.command(rich_help_panel=LOOK)(check)
app.command(rich_help_panel=LOOK)(compat)
app.add_typer(edit.app, name="edit", rich_help_panel=CHANGE)
app.command(rich_help_panel=CHANGE)(merge)
app.command(rich_help_panel=CHANGE, epilog=SPLIT_EXAMPLES)(split)
app.command(rich_help_panel=CHANGE)(transcode)
app.command(rich_help_panel=CHANGE)(export)
app.command("import", rich_help_panel=CHANGE)(import_)
app.command(rich_help_panel=SHARE)(push)
app.command(rich_help_panel=SHARE)(pull)
app.command(rich_help_panel=RIG, epilog=DRIVING_KEYS)(teleop)
app.command(rich_help_panel=RIG, epilog=DRIVING_KEYS)(replay)
app.add_typer(find.app, name="find", rich_help_panel=RIG)
app.command(rich_help_panel=RIG)(calibrate)
app.command(rich_help_panel=RIG)(doctor)
app.add_typer(torque.app, name="torque", rich_help_panel=RIG)
app.command(rich_help_panel=RIG)(sim)
app.command(rich_help_panel=RIG)(bench)


@app.callback(invoke_without_command=True)
def lerecord(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Record robot demonstrations as LeRobot datasets.

    lerecord --task "Grab the paper box" starts recording; `lerecord record --help` has the keys.
    """
    if version:
        print_line(f"lerecord {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        show_help(context)


def main() -> None:
    """The `lerecord` command."""
    standard_streams.repair()
    os.umask(os.umask(0o077) | stat.S_IWOTH)  # nothing that it makes is for everybody to write
    try:
        status = _run()
        sys.stdout.flush()
    except standard_streams.OutputLostError as error:
        standard_streams.give_up()
        status = 1
        if not isinstance(error.__cause__, BrokenPipeError):
            print_line(f"lerecord: stdout could not be written ({error.strerror}).", sys.stderr)
    sys.exit(status)


def _run() -> int | None:
    """Run what the command line says; the exit status."""
    try:
        require_supported()
        status: int | None = app(standalone_mode=False)
    except UsageError as error:
        print_line(f"lerecord: {_sentence(error)}", sys.stderr)
        status = 2
    except LerecordError as error:
        print_line(f"lerecord: {error}", sys.stderr)
        status = 2
    except standard_streams.OutputLostError:
        raise
    except OSError as error:
        if (sentence := refusals.said(error)) is None:
            raise
        print_line(f"lerecord: {sentence}", sys.stderr)
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    return status


def _sentence(error: UsageError) -> str:
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None or "`" in message:
        return f"{message}."
    return f"{message}; `{context.command_path} --help` shows what it takes."
