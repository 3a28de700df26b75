"""Tasks that are read from a file: `20 Grab the paper box`, a line each."""

import re
from pathlib import Path

from lerecord.errors import ConfigError, LerecordError
from lerecord.recording.session import Order, TaskQueue, sentence_of

_LINE = re.compile(r"([0-9]{1,9})\s+(\S.*)")
_MOST_BYTES = 1 << 20


def queue_of(path: Path, order: Order) -> TaskQueue:
    """The queue that a file describes; empty lines and those that begin with # say nothing.

    Raises:
        ConfigError: it cannot be read, or a line is no count and a task.
    """
    wanted: dict[str, int] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (found := _LINE.fullmatch(line.strip())) is None:
            raise ConfigError(
                f"{path}, line {number}: {line.strip()!r} does not begin with the number of "
                f"episodes; write it as in `20 Grab the paper box`."
            )
        task = _checked(path, number, found[2])
        if task in wanted:
            raise ConfigError(
                f"{path}, line {number}: {task!r} is there twice; give it one line with the sum."
            )
        wanted[task] = int(found[1])
    try:
        return TaskQueue(wanted, order)
    except LerecordError as error:
        raise ConfigError(f"{path}: {error}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            raise ConfigError(f"{path} is larger than a list of tasks; name another file.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check the path.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text; save it as such.") from error


def _checked(path: Path, number: int, text: str) -> str:
    try:
        return sentence_of(text)
    except LerecordError as error:
        raise ConfigError(f"{path}, line {number}: {error}") from error
