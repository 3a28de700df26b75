"""Episodes as people write them: `3 7 12`, `3-7`, `last`."""

import re
from collections.abc import Sequence
from pathlib import Path

from lerecord.cli.group import refuse

_MOST = 1_000_000  # episodes in a range: no dataset has more
_NUMBERS = re.compile(r"[0-9]+(-[0-9]+)?")


def indices(words: Sequence[str], dataset: Path) -> list[int]:
    """The episodes that these words name, in their order, each once.

    Args:
        words: a number, a range with both ends in it, or `last`.
        dataset: whose last one is meant.

    Raises:
        UsageError: a word is none of these.
        DatasetError: `last` of a dataset that cannot be read or is empty.
    """
    found: list[int] = []
    for word in words:
        first, _, end = word.partition("-")
        if word == "last":
            found.append(_last(dataset))
        elif is_episode(word) and 0 <= int(end or first) - int(first) < _MOST:
            found += range(int(first), int(end or first) + 1)
        else:
            refuse(f"{word!r} is not an episode; write numbers from 0, as in 3 7 12, 3-7 or last.")
    if not found:
        refuse("No episode given; write numbers from 0, as in 3 7 12, 3-7 or last.")
    return list(dict.fromkeys(found))


def is_episode(word: str) -> bool:
    """Whether a word has the form of an episode, and not that of a folder."""
    return word == "last" or _NUMBERS.fullmatch(word) is not None


def _last(dataset: Path) -> int:
    from lerecord.dataset.storage import Snapshot
    from lerecord.errors import DatasetError

    count = len(Snapshot.of(dataset).episodes())
    if count == 0:
        raise DatasetError(f"{dataset} has no episode yet.")
    return count - 1
