"""How lerecord starts Python again: nothing that lies in the working folder is ever imported."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_CHILD = "_"  # begins the word for a child; no command of lerecord does
_ROOT = Path(__file__).parents[2]
# They make an interpreter run a file, or read its stdin, once its program has ended.
_LEFT_OUT = {"PYTHONSTARTUP", "PYTHONINSPECT"}

RESULT_FILE = "LERECORD_RESULT_FILE"
"""The variable that names the file into which a command also writes what it tells a person.

It is for that command alone: no process that it starts gets it.
"""

PAGE_TOKEN = "LERECORD_PAGE_TOKEN"
"""The variable that holds the token of a page that others than this machine may open.

A page that comes after another one at the same address lets in whoever the other one let in. Only
processes that serve a page get it.
"""
_FOR_ONE = {RESULT_FILE, PAGE_TOKEN}


def python(*arguments: str) -> list[str]:
    """The command of this interpreter; `-P` keeps the working folder out of `sys.path`."""
    return [sys.executable, "-P", *arguments]


def lerecord(*arguments: str) -> list[str]:
    """The command line of `lerecord` with these arguments."""
    return python("-m", "lerecord", *arguments)


def child_command(name: str) -> list[str]:
    """The command line of the child of that name."""
    return lerecord(f"{_CHILD}{name}")


def child_named(arguments: Sequence[str]) -> str | None:
    """The name of the child that is started by these arguments; None for any other process."""
    named = (each.removeprefix(_CHILD) for each in arguments if each.startswith(_CHILD))
    return next(named, None)


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of such a process: the user's, without what leads to the working folder.

    An empty or relative entry of PYTHONPATH means the working folder or one below it; a leading
    colon, as ROS's setup scripts leave it, is such an entry. It is kept, made absolute, only where
    lerecord itself lies.
    """
    kept = {name: value for name, value in base.items() if name not in _LEFT_OUT | _FOR_ONE}
    path = os.pathsep.join(_trusted(kept.pop("PYTHONPATH", "")))
    return kept | {"PYTHONSAFEPATH": "1"} | ({"PYTHONPATH": path} if path else {})


def _trusted(path: str) -> Iterator[str]:
    for entry in path.split(os.pathsep):
        if Path(entry).is_absolute():
            yield entry
        elif entry and Path(entry).absolute().resolve() == _ROOT.resolve():
            yield str(_ROOT.resolve())
