"""What a command says: its result on stdout, for people or for programs; the rest on stderr."""

import math
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, redirect_stdout
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from lerecord.cli.result_file import tell_result
from lerecord.printable import print_folded, print_json, print_line

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from rich.console import RenderableType

    Document = Mapping[str, Any] | DataclassInstance


class Output(AbstractContextManager["Output"]):
    """Takes the result of one command; a context manager.

    With JSON, whatever else is printed to stdout in the block goes to stderr, so that stdout holds
    one document or nothing.

    Args:
        as_json: print the document instead of the lines.
    """

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self._stdout: IO[str] | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if self.as_json:
            self._stdout = sys.stdout
            self._stack.enter_context(redirect_stdout(sys.stderr))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def result(self, document: "Document", lines: Iterable[str]) -> None:
        """Print what came of the command.

        Args:
            document: for programs; docs/reference/json.md describes each.
            lines: the same for people.
        """
        if self.as_json:
            data = document if isinstance(document, Mapping) else asdict(document)
            print_json(_plain(data), self._stdout)
            return
        told = [*lines]
        for line in told:
            print_line(line)
        tell_result(told)

    def line(self, text: str) -> None:
        """Print a line for people that is part of the result, before all of it is known."""
        print_line(text)

    def drawn(self, parts: "Iterable[RenderableType]") -> None:
        """Print what has colours and curves, as part of the result for people."""
        from rich.console import Console

        console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        with console.capture() as told:
            for part in parts:
                console.print(part, crop=False)
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(told.get().encode(encoding, "backslashreplace").decode(encoding))

    def folded(self, text: str, hang: int) -> None:
        """As `line`, but folded between words on a terminal; further lines are indented so far."""
        print_folded(text, hang=hang)

    def note(self, sentence: str) -> None:
        """Say something that is not the result."""
        print_line(sentence, sys.stderr)


def _plain(value: Any) -> Any:
    """What JSON has a word for: no paths, and null for a number that is none."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
