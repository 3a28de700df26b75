"""Commands that a message names, so that they can be pasted into a shell as they stand."""

import shlex
from pathlib import Path

_TOPS = ("data", "videos", "meta", "capture", ".lerecord")


def command(*words: str | Path) -> str:
    """A command of lerecord in backquotes; a path with blanks or a dash in front stays one word."""
    return f"`{shlex.join(['lerecord', *map(_word, words)])}`"


def for_dataset(words: str, path: Path) -> str:
    """The same for the dataset that a file belongs to.

    Args:
        words: of the command, such as "edit undo".
        path: below one of the folders that every dataset has.
    """
    tops = (each for each in path.parents if each.name in _TOPS)
    return command(*words.split(), next(tops, path).parent)


def _word(word: str | Path) -> str:
    text = str(word)
    return f"./{text}" if isinstance(word, Path) and text.startswith("-") else text
