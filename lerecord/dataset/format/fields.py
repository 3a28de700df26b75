"""JSON that somebody else may have written, read field by field.

What does not fit is refused in one sentence that names the file and the field.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from lerecord.errors import DatasetError

LARGEST = 2**31 - 1
"""Of counts and indices. No dataset comes near it, and products of two fit into 64 bits."""
_SHOWN = 60
_BOM = b"\xef\xbb\xbf"
_MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one JSON object.

    Attributes:
        values: as parsed.
        place: where the object stands, such as `meta/tasks.jsonl, line 3`.
    """

    values: Mapping[str, Any]
    place: str

    @classmethod
    def parsed(cls, data: bytes, place: str) -> Self:
        """Of a whole file, or of one line.

        Raises:
            DatasetError: it is no JSON object, or holds text that no file can hold.
        """
        values = parsed(data, place)
        if not isinstance(values, dict):
            raise DatasetError(
                f"{place} holds {shown(values)} instead of a JSON object; restore it from a copy."
            )
        return cls(values, place)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str) -> Any:
        """The value as it is; None when there is none."""
        return self.values.get(name)

    def required(self, name: str) -> Any:
        """The value as it is; raises DatasetError when there is none."""
        if name not in self.values:
            raise DatasetError(f"{self.place} lacks {name!r}; restore it from a copy.")
        return self.values[name]

    def count(self, name: str, at_least: int = 0, at_most: int = LARGEST) -> int:
        """A whole number, such as 30 or 30.0."""
        value = self.required(name)
        if not is_number(value) or value != int(value) or not at_least <= value <= at_most:
            raise self.refusal(name, f"a whole number from {at_least} to {at_most} is expected")
        return int(value)

    def seconds(self, name: str) -> float:
        """A finite number, 0 or more."""
        value = self.required(name)
        if not is_number(value) or not 0 <= value <= LARGEST:
            raise self.refusal(name, "a number of seconds is expected")
        return float(value)

    def text(self, name: str) -> str:
        """A string."""
        value = self.required(name)
        if not isinstance(value, str):
            raise self.refusal(name, "text is expected")
        return value

    def object(self, name: str) -> "Fields":
        """Another JSON object, inside this one."""
        value = self.required(name)
        if not isinstance(value, Mapping):
            raise self.refusal(name, "a JSON object is expected")
        return Fields(value, f"{self.place}, {name}")

    def refusal(self, name: str, expected: str) -> DatasetError:
        """The sentence about a field that does not fit."""
        return DatasetError(
            f"{self.place} has {name} {shown(self.values.get(name))} where {expected}; correct it "
            f"or restore the file from a copy."
        )


def parsed(data: bytes, place: str) -> Any:
    """Any JSON.

    Raises:
        DatasetError: it is none, or holds text that no file can hold.
    """
    if data.startswith(_BOM):  # json would read it, LeRobot does not
        raise DatasetError(f"{place} begins with a byte order mark; save it as UTF-8 without one.")
    try:
        values = json.loads(data.decode())
        if rb"\ud" in data.lower():  # half of a surrogate pair can be escaped, and not be encoded
            json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise DatasetError(
            f"{place} is not valid JSON ({error}); restore it from a copy."
        ) from error
    return values


def require_flat(values: Any, place: str) -> None:
    """Refuse JSON that is nested so deeply that it could not be written again.

    Raises:
        DatasetError: it is.
    """
    if _is_deeper(values, _MAX_DEPTH):
        raise DatasetError(
            f"{place} is nested more than {_MAX_DEPTH} levels deep; restore it from a copy."
        )


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value
    if isinstance(inner, str) or not isinstance(inner, Iterable):
        return False
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def is_number(value: Any) -> bool:
    """True of a finite number; JSON's true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or math.isfinite(value)


def shown(value: Any) -> str:
    """A value in a sentence: escaped and, when it is long, cut."""
    if isinstance(value, str) and len(value) > _SHOWN:
        value = value[:_SHOWN] + "..."
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):  # from a parquet file: not all of it is JSON
        text = ascii(value)
    return text if len(text) <= 2 * _SHOWN else text[: 2 * _SHOWN] + "..."
