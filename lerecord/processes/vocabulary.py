"""Messages as dataclasses, which both ends of a pipe use; here they become JSON and come back."""

import functools
import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, cast

from lerecord.processes.child import Message


class Vocabulary:
    """What is said in one direction of a pipe: a word for each type of message.

    Args:
        key: under which the word travels.
        types: word to dataclass. Its fields are what JSON knows, paths, enums, dataclasses, tuples
            and mappings of these, and types with `to_json` and `from_json`.
    """

    def __init__(self, key: str, **types: type) -> None:
        self._key = key
        self._types = types
        self._words = {message: word for word, message in types.items()}

    def write(self, message: object) -> dict[str, Any]:
        """As a JSON object."""
        return {self._key: self._words[type(message)], **_fields_of(message)}

    def read(self, message: Message) -> Any:
        """The inverse of write."""
        return read_as(self._types[message[self._key]], message)


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return _fields_of(value)
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, Path):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def read_as(kind: Any, value: Any) -> Any:
    """The inverse of plain, for a value of that type; keys without a field are left out."""
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        (kind,) = (each for each in arguments if each is not types.NoneType)
        return None if value is None else read_as(kind, value)
    if typing.get_origin(kind) is tuple:
        return tuple(read_as(arguments[0], each) for each in value)
    if typing.get_origin(kind) is Mapping:
        return {key: read_as(arguments[1], each) for key, each in value.items()}
    if hasattr(kind, "from_json"):
        return kind.from_json(value)
    if isinstance(kind, type) and is_dataclass(kind):
        return kind(**{name: read_as(of, value[name]) for name, of in _types_of(kind).items()})
    if isinstance(kind, type) and issubclass(kind, Path | Enum):
        return kind(value)
    return value


def _fields_of(value: Any) -> dict[str, Any]:
    return {name: plain(getattr(value, name)) for name in _types_of(cast("Hashable", type(value)))}


@functools.cache
def _types_of(kind: Hashable) -> Mapping[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(cast("Any", kind))}
