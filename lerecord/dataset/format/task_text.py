"""The task of an episode as somebody has typed it."""

import os

from lerecord.errors import DatasetError


def task_of(text: str) -> str:
    """The sentence, without blanks around it.

    Raises:
        DatasetError: it is empty, or no text: readers of the dataset expect UTF-8.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = _read_again(text)
    if not text.strip():
        raise DatasetError('The task is empty; describe it, as in "Grab the paper box".')
    return text.strip()


def _read_again(text: str) -> str:
    """An argument that the locale could not read may still be UTF-8."""
    try:
        return os.fsencode(text).decode("utf-8")
    except UnicodeError as error:
        raise DatasetError(
            f'The task "{text}" is not valid UTF-8; type it again in a UTF-8 terminal.'
        ) from error
