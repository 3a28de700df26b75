"""What a command line means: bare options are `record`, and a wrong guess gets the right name."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

UsageError: Any = typer.BadParameter.__base__
"""What typer raises for a command line that means nothing; it exports only this subclass."""

DEFAULT = "record"
GUESSES = {
    "ls": "list",
    "episodes": "list",
    "episode": "show",
    "browse": "view",
    "visualize": "view",
    "inspect": "info",
    "describe": "info",
    "verify": "check",
    "validate": "check",
    "lint": "check",
    "rec": "record",
    "start": "record",
    "again": "rerecord",
    "redo": "rerecord",
    "repair": "recover",
    "salvage": "recover",
    "restore": "recover",
    "delete": "edit delete",
    "rm": "edit delete",
    "remove": "edit delete",
    "trim": "edit trim",
    "cut": "edit trim",
    "relabel": "edit relabel",
    "rename": "edit rename-task",
    "rename-task": "edit rename-task",
    "undo": "edit undo",
    "join": "merge",
    "concat": "merge",
    "aggregate": "merge",
    "divide": "split",
    "extract": "split",
    "convert": "export",
    "upload": "push",
    "download": "pull",
    "fetch": "pull",
    "clone": "pull",
    "teleoperate": "teleop",
    "teleoperation": "teleop",
    "play": "replay",
    "simulate": "sim",
    "simulator": "sim",
    "server": "serve",
    "policy": "serve",
    "benchmark": "bench",
    "find-port": "find ports",
    "find-ports": "find ports",
    "calibration": "calibrate",
    "release": "torque off",
    "relax": "torque off",
}
"""What people type, from other tools or by memory, and the command they look for."""


class Commands(TyperGroup):
    """The commands of `lerecord`, listed by what they are for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read options that come without a command as those of `record`."""
        if args and args[0] == "help":
            args = [*args[1:], "--help"]
        elif DEFAULT in self.commands and self._is_bare(ctx, args):
            self._refuse_misplaced(args)
            args = [DEFAULT, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a name that is none is answered with the nearest one."""
        if self.get_command(ctx, args[0]) is None:
            refuse(f"There is no command {args[0]!r}{self._nearest(ctx, args[0])}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands by group, in the order in which they were added."""
        groups: dict[str, list[tuple[str, str]]] = {}
        longest = max(map(len, self.commands))
        width = formatter.width - 6 - longest
        for group, name, summary in self.summaries(width):
            groups.setdefault(group, []).append((name.ljust(longest), summary))
        for title, lines in groups.items():
            with formatter.section(title):
                formatter.write_dl(lines)

    def summaries(self, width: int) -> Iterable[tuple[str, str, str]]:
        """Heading, name and summary of each command; a summary has at most `width` characters."""
        for name, command in self.commands.items():
            yield "Commands", name, command.get_short_help_str(width)

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, for completion; none is made for it."""
        return [*self.commands]

    def _is_bare(self, ctx: Any, args: Sequence[str]) -> bool:
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        return bool(args) and args[0].startswith("-") and args[0].split("=")[0] not in own

    def _refuse_misplaced(self, args: Sequence[str]) -> None:
        """Options before another command would be dropped in silence."""
        for before, word in itertools.pairwise(args):
            if word in self.commands and (not before.startswith("-") or "=" in before):
                refuse(f"Put options after the command: `lerecord {word} ... {args[0]}`.")

    def _nearest(self, ctx: Any, word: str) -> str:
        if word in GUESSES:
            return f"; try `lerecord {GUESSES[word]}`"
        group = "lerecord" if ctx.parent is None else f"lerecord {ctx.info_name}"
        import difflib

        if close := difflib.get_close_matches(word, self.commands, n=1):
            return f"; try `{group} {close[0]}`"
        return f"; `{group} --help` lists them"


def refuse(sentence: str) -> NoReturn:
    """End the command with one sentence on stderr and exit status 2."""
    raise UsageError(sentence)


def show_help(context: typer.Context) -> NoReturn:
    """Show what there is to choose from to somebody who named no command."""
    typer.echo(context.get_help())
    raise typer.Exit(2)


def sentence_about(error: Any) -> str:
    """What is said of a command line that means nothing."""
    message = error.format_message().rstrip(".")
    context = getattr(error, "ctx", None)
    if context is None or "`" in message:
        return f"{message}."
    return f"{message}; `{context.command_path} --help` shows what it takes."
