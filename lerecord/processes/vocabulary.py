"""Messages as dataclasses, which both ends of a pipe use; here they become JSON and come back."""

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from lerecord.processes.child import Message

Conversion = Callable[[Any], Any]


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
        return {self._key: self._words[type(message)], **plain(message)}

    def read(self, message: Message) -> Any:
        """The inverse of write."""
        return _reading(self._types[message[self._key]])(message)


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    kind: Any = type(value)
    return _writing(kind)(value)


# What a type means is worked out once: messages pass in every tick of the control loop.


@functools.cache
def _writing(kind: type) -> Conversion:
    """What `plain` does to the values of a type."""
    if hasattr(kind, "to_json"):
        return lambda value: value.to_json()
    if is_dataclass(kind):
        names = tuple(field.name for field in fields(kind))
        return lambda value: {name: plain(getattr(value, name)) for name in names}
    if issubclass(kind, tuple):
        return lambda value: [plain(each) for each in value]
    if issubclass(kind, Mapping):
        return lambda value: {key: plain(each) for key, each in value.items()}
    if issubclass(kind, Path):
        return str
    return (lambda value: value.value) if issubclass(kind, Enum) else _as_it_is


@functools.cache
def _reading(kind: Any) -> Conversion:
    """The inverse of `plain` for values of a type; keys without a field are left out."""
    arguments = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        (there,) = (_reading(each) for each in arguments if each is not types.NoneType)
        return lambda value: None if value is None else there(value)
    if typing.get_origin(kind) is tuple:
        item = _reading(arguments[0])
        return lambda value: tuple(map(item, value))
    if typing.get_origin(kind) is Mapping:
        item = _reading(arguments[1])
        return lambda value: {key: item(each) for key, each in value.items()}
    if hasattr(kind, "from_json"):
        made: Conversion = kind.from_json
        return made
    if isinstance(kind, type) and is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        parts = tuple((field.name, _reading(hints[field.name])) for field in fields(kind))
        return lambda value: kind(**{name: part(value[name]) for name, part in parts})
    return kind if isinstance(kind, type) and issubclass(kind, Path | Enum) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
