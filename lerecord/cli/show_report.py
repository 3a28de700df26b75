"""What `lerecord show` does."""

import re
import shutil
import sys
from pathlib import Path

from lerecord.cli.group import refuse
from lerecord.cli.output import Output
from lerecord.errors import ConfigError, DatasetError
from lerecord.ui.episodes import Book, Shelf, contact_sheet, episode_document, facts_of
from lerecord.ui.terminal import Space, episode_view

_NUMBER = re.compile(r"[0-9]{1,9}")
_JPEG = (".jpg", ".jpeg")


def show_episode(root: Path, word: str, sheet: Path | None, output: Output) -> None:
    """Print what is known of an episode, and write its contact sheet.

    Args:
        root: the dataset's folder.
        word: the episode as it was typed.
        sheet: a file that does not exist yet; None for no sheet.
        output: takes the result.

    Raises:
        UsageError: the word is no episode.
        LerecordError: there is no such episode, it is damaged, or the file exists.
    """
    book = Shelf(root).now()
    facts = facts_of(book, _episode(word, book))
    if sheet is not None:
        _write(sheet, book, facts.overview.episode)
    if output.as_json:
        output.result({"dataset": root, **episode_document(facts), "sheet": sheet}, ())
        return
    size = shutil.get_terminal_size()
    output.drawn(episode_view(facts, Space(*size, draws=_draws())))
    if sheet is not None:
        output.line(f"Images of its cameras are in {sheet}.")


def _episode(word: str, book: Book) -> int:
    if word == "last":
        if not book.records:
            raise DatasetError(f"{book.stored.root} has no episode yet.")
        return len(book.records) - 1
    if not _NUMBER.fullmatch(word):
        refuse(f"{word!r} is not an episode; write its number from 0, or last.")
    return int(word)


def _write(sheet: Path, book: Book, episode: int) -> None:
    if sheet.suffix.lower() not in _JPEG:
        raise ConfigError(f"{sheet} would be a JPEG; let its name end in .jpg.")
    if sheet.exists():
        raise ConfigError(f"{sheet} exists already; name another file.")
    data = contact_sheet(book, episode)
    with sheet.open("xb") as file:
        file.write(data)


def _draws() -> bool:
    """Whether stdout can say Braille and blocks at all."""
    try:
        "⠤█".encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True
