"""Passwords and tokens in meta/hardware.json: what is recorded now keeps none, older files may."""

import json
from collections.abc import Iterator
from typing import Any

from lerecord.dataset.format import layout
from lerecord.dataset.format.fields import Fields, require_flat
from lerecord.secrets import without_secrets


def secret_places(data: bytes) -> list[str]:
    """Where addresses with a user, a password or a token stand, such as `config.cameras.front`.

    Raises:
        DatasetError: the file is no JSON object, or nested too deeply.
    """
    values = Fields.parsed(data, layout.HARDWARE).values
    require_flat(values, layout.HARDWARE)
    return [".".join(path) for path, text in _texts(values) if without_secrets(text) != text]


def without_secret_places(data: bytes) -> bytes:
    """The file without them; the same bytes where there are none.

    Raises:
        DatasetError: the file is no JSON object.
    """
    if not secret_places(data):
        return data
    values = _cleaned(Fields.parsed(data, layout.HARDWARE).values)
    return json.dumps(values, indent=4, ensure_ascii=False).encode()


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(each, (*path, str(key)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _cleaned(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return without_secrets(value) if isinstance(value, str) else value
