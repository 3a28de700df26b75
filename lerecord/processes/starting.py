"""How lerecord starts Python again: nothing that lies in the working folder is ever imported."""

import os
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROOT = Path(__file__).parents[2]
# They make an interpreter run a file, or read its stdin, once its program has ended.
_LEFT_OUT = {"PYTHONSTARTUP", "PYTHONINSPECT"}


def python(*arguments: str) -> list[str]:
    """The command of this interpreter; `-P` keeps the working folder out of `sys.path`."""
    return [sys.executable, "-P", *arguments]


def environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of such a process: the user's, without what leads to the working folder.

    An empty or relative entry of PYTHONPATH means the working folder or one below it; a leading
    colon, as ROS's setup scripts leave it, is such an entry. It is kept, made absolute, only where
    lerecord itself lies.
    """
    kept = {name: value for name, value in base.items() if name not in _LEFT_OUT}
    path = os.pathsep.join(_trusted(kept.pop("PYTHONPATH", "")))
    return kept | {"PYTHONSAFEPATH": "1"} | ({"PYTHONPATH": path} if path else {})


def _trusted(path: str) -> Iterator[str]:
    for entry in path.split(os.pathsep):
        if Path(entry).is_absolute():
            yield entry
        elif entry and Path(entry).absolute().resolve() == _ROOT.resolve():
            yield str(_ROOT.resolve())


def end_with_any_thread() -> None:
    """From now on a thread of this process that dies ends the whole process, with its traceback.

    Half a process would look alive to its parent and do nothing.
    """
    threading.excepthook = _end


def _end(failure: threading.ExceptHookArgs) -> None:
    threading.__excepthook__(failure)
    os._exit(1)
