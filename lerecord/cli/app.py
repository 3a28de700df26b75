"""The `lerecord` command, and what it says when something goes wrong: one sentence."""

import os
import stat
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from lerecord import __version__, refusals, standard_streams
from lerecord.cli.group import Commands, UsageError, sentence_about, show_help
from lerecord.cli.result_file import tell_error
from lerecord.cli.table import TABLE, Deferred
from lerecord.errors import LerecordError
from lerecord.printable import print_line
from lerecord.supported import require_supported


class Root(Commands):
    """The commands of the table; none is made before it is asked for."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given | {"commands": Deferred(TABLE)})

    def summaries(self, width: int) -> Iterator[tuple[str, str, str]]:
        """As the table has them."""
        return ((entry.group, name, entry.summary) for name, entry in TABLE.items())


app = typer.Typer(
    cls=Root,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
        status: int | None = app(standalone_mode=False, prog_name="lerecord")
    except UsageError as error:
        status = _refused(sentence_about(error))
    except LerecordError as error:
        status = _refused(str(error))
    except standard_streams.OutputLostError:
        raise
    except OSError as error:
        if (sentence := refusals.said(error)) is None:
            raise
        status = _refused(sentence)
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    return status


def _refused(sentence: str) -> int:
    print_line(f"lerecord: {sentence}", sys.stderr)
    tell_error(sentence)
    return 2
