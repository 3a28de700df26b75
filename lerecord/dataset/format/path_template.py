"""The templates data_path and video_path of info.json, which a stranger may have written.

Python's format would follow attributes of what it is given, and pad to any width.
"""

import re
from dataclasses import dataclass
from string import Formatter
from typing import Self

from lerecord.dataset.format.fields import Fields

_WIDTH = re.compile(r"0?\d?d?")
_PARTS = Formatter()


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A template that gives paths below the dataset's folder, whatever numbers it is given."""

    text: str

    @classmethod
    def from_fields(cls, fields: Fields, name: str, variables: frozenset[str]) -> Self:
        """The template in a field of info.json.

        Raises:
            DatasetError: it is missing, leads out of the dataset or asks for more than
                `variables`.
        """
        text = fields.text(name)
        if not _leads_inside(text) or not _asks_only_for(text, variables):
            known = ", ".join(f"{{{each}}}" for each in sorted(variables))
            raise fields.refusal(name, f"a path inside of the dataset, of {known}, is expected")
        return cls(text)

    def path(self, **values: str | int) -> str:
        """The path, relative to the dataset's folder; text in `values` must fit for a folder."""
        return self.text.format(**values)


def _leads_inside(text: str) -> bool:
    folders = text.split("/")
    return bool(text.isprintable() and "\\" not in text) and not any(
        each in ("", ".", "..") or ".." in each for each in folders
    )


def _asks_only_for(text: str, variables: frozenset[str]) -> bool:
    try:
        parts = list(_PARTS.parse(text))
    except ValueError:  # a brace that stands alone
        return False
    return all(
        name is None
        or (name in variables and conversion is None and _WIDTH.fullmatch(width or "") is not None)
        for _, name, width, conversion in parts
    )
