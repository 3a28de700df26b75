"""The one way to write what others wrote into Markdown and its front matter.

Plain words are written as they are. Whatever means something to Markdown, HTML or to those who
render it (links, images, mentions, formulas) is written as code, in which nothing does; see
https://github.github.com/gfm/#code-spans.
"""

import json
import re
from collections.abc import Sequence

from lerecord.printable import shown

_IN_A_WORD = r"(?<=[^\W_])_(?=[^\W_])"
_MEANS_SOMETHING = re.compile(
    rf"[\\`*{{}}\[\]<>#~&@$^]|(?!{_IN_A_WORD})_|://|www\.|(?:mailto|xmpp):", re.IGNORECASE
)


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def written(value: object) -> Markdown:
    """A value as Markdown that shows it and does nothing else."""
    if isinstance(value, Markdown):
        return value
    text = _one_line(value)
    return code(text) if _MEANS_SOMETHING.search(text) else Markdown(text)


def code(value: object) -> Markdown:
    """The same as code; nothing for an empty text."""
    text = _one_line(value)
    if not text:
        return Markdown()
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return Markdown(f"{fence}{space}{text}{space}{fence}")


def table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> Markdown:
    """A table whose cells are written as above."""
    lines = [heading, ["---"] * len(heading), *rows]
    return Markdown("".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines))


def yaml_string(text: str) -> str:
    """A text as YAML: a string of JSON without escapes that YAML reads otherwise."""
    return json.dumps(shown(text), ensure_ascii=False)


def _cell(value: object) -> str:
    # A bar ends a cell wherever it stands, in code too; behind a backslash of the text's own, the
    # backslash that takes this meaning from it would itself be taken for escaped.
    return re.sub(r"(?<=\\)(?=\|)", " ", written(value)).replace("|", "\\|")


def _one_line(value: object) -> str:
    return shown(" ".join(str(value).split()))
