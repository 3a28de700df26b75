"""The help of a command: what a person types, without the types that a program sees."""

import re
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand

_KIND = re.compile(r" <(.*)>$")
_PLACES = {"int": "N", "int range": "N", "float": "X", "float range": "X", "str": "TEXT"}
"""What stands for a value of a type whose option names nothing better."""
_MORE = re.compile(r"  \[([^\[\]]*)\]$")
_BRACES = re.compile(r"^\{(.*)\}(\.\.\.)?$")


def example(line: str) -> str:
    """What the help of a command ends with that has one example."""
    return f"\b\nExample:\n  {line}"


class Command(TyperCommand):
    """A command whose help shows `DIR` instead of `{DIR} <path>`, and no ranges."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The line that says how it is called."""
        return [_BRACES.sub(r"\1", piece) for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments, then the options."""
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            if lines := list(self._lines(ctx, kind)):
                with formatter.section(title):
                    formatter.write_dl(lines)

    def _lines(self, ctx: Any, kind: str) -> Iterator[tuple[str, str]]:
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is None or parameter.param_type_name != kind:
                continue
            name, text = record
            if kind == "argument":
                name, text = _KIND.sub("", name), text.replace("  [required]", "")
            yield _KIND.sub(_place, name), _MORE.sub(_told, text)


def _place(kind: re.Match[str]) -> str:
    return f" {_PLACES.get(kind[1], kind[1].upper())}"


def _told(more: re.Match[str]) -> str:
    """What a person must know: what happens without it, and that it must be given."""
    known = more[1].split("; ")
    told = [each.removeprefix("default: ") for each in known if each.startswith("default: ")]
    told += ["required"] if "required" in known else []
    return f" [{', '.join(told)}]".replace("[.]", "[this folder]") if told else ""
