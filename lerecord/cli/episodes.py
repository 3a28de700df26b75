"""Episodes as people write them: `3 7 12`, `3-7`, `last`."""

from collections.abc import Sequence
from pathlib import Path

from lerecord.cli.group import refuse


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
        first, dash, end = word.partition("-")
        if word == "last":
            found.append(_last(dataset))
        elif first.isdecimal() and not dash:
            found.append(int(first))
        elif first.isdecimal() and end.isdecimal() and int(first) <= int(end):
            found += range(int(first), int(end) + 1)
        else:
            refuse(f"{word!r} is not an episode; write numbers from 0, as in 3 7 12, 3-7 or last.")
    if not found:
        refuse("No episode given; write numbers from 0, as in 3 7 12, 3-7 or last.")
    return list(dict.fromkeys(found))


def _last(dataset: Path) -> int:
    from lerecord.dataset.storage import Snapshot
    from lerecord.errors import DatasetError

    count = len(Snapshot.of(dataset).episodes())
    if count == 0:
        raise DatasetError(f"{dataset} has no episode yet.")
    return count - 1
