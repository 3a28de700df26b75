"""The one way text leaves for a terminal or a log.

Tasks, names, file names and what servers answer are written by strangers. An escape sequence among
them moves the cursor or renames the window, a bidirectional mark turns a line around, and a line
break forges a line of ours.
"""

import shutil
import sys
import textwrap
import unicodedata
from typing import IO, Any

_CLEAR = "\r\x1b[K"


def shown(text: str) -> str:
    r"""The text with every character that is not visible written as its escape, such as `\x1b`.

    Letters and spaces of all scripts stay; control, format and private characters, line breaks
    and lone surrogates do not. Text that has been through here is not changed again.
    """
    if text.isprintable():
        return text
    return "".join(each if _is_visible(each) else _escape(each) for each in text)


def print_line(text: str, to: IO[str] | None = None) -> None:
    """Print one line, safe for any terminal, to stdout unless told otherwise."""
    out = sys.stdout if to is None else to
    encoding = _encoding(out)
    line = shown(text).encode(encoding, "backslashreplace").decode(encoding)
    out.write(f"{line}\n")


def print_folded(text: str, to: IO[str] | None = None, hang: int = 0) -> None:
    """Print a sentence; on a terminal it is folded between words, and goes on at `hang`.

    Not for what is pasted: a line break in it would be pasted, too.
    """
    out = sys.stdout if to is None else to
    lines = [text]
    if out.isatty():
        lines = textwrap.wrap(
            shown(text),
            shutil.get_terminal_size().columns,
            subsequent_indent=" " * hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
    for line in lines:
        print_line(line, out)


def print_json(data: Any, to: IO[str] | None = None) -> None:
    r"""Print data as one line of JSON; what is not visible is written as `\uXXXX`."""
    import json  # here, for `lerecord --help` prints none

    text = json.dumps(data, ensure_ascii=False)
    text = "".join(each if _is_visible(each) else json.dumps(each)[1:-1] for each in text)
    try:
        text.encode(_encoding(sys.stdout if to is None else to))
    except UnicodeEncodeError:
        text = json.dumps(data)
    print_line(text, to)


def print_progress(text: str) -> None:
    """Write over the current line of stderr; an empty text clears it."""
    sys.stderr.write(f"\r{shown(text)}" if text else _CLEAR)
    sys.stderr.flush()


def _encoding(out: IO[str]) -> str:
    return getattr(out, "encoding", None) or "utf-8"  # a terminal may know fewer characters


def _is_visible(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
