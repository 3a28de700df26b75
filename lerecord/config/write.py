"""Changing config files: what is not changed stays as its author wrote it, comments included."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import ParseError

from lerecord.config.load import parse_config, read_text
from lerecord.config.schema import HardwareConfig
from lerecord.errors import ConfigError
from lerecord.refusals import remedy_of

Value = str | int | float | bool | list[float] | Mapping[str, Any]
"""Of a key; a mapping is a table."""


class ConfigFile:
    """The text of a hardware config that is being changed.

    Args:
        source: the file it is read from.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """

    def __init__(self, source: Path) -> None:
        self.source = source
        try:
            self._document = tomlkit.parse(read_text(source))
        except ParseError as error:
            raise ConfigError(f"{source} is not valid TOML: {error}.") from error

    @property
    def text(self) -> str:
        """The file as it is now."""
        return tomlkit.dumps(self._document)

    @property
    def config(self) -> HardwareConfig:
        """What it says now.

        Raises:
            ConfigError: a key is unknown, missing or wrong.
        """
        return parse_config(self._document.unwrap(), str(self.source))

    def put(self, place: Sequence[str], value: Value) -> None:
        """Set a key, whether or not it was there.

        Args:
            place: its tables and its name: `("cameras", "front", "fps")`.
            value: of the key.
        """
        *tables, key = place
        table: Any = self._document
        for name in tables:
            if name not in table:
                table.append(name, tomlkit.table(is_super_table=name != tables[-1]))
            table = table[name]
        table[key] = value

    def drop(self, place: Sequence[str]) -> None:
        """Remove a key or a table with all that is in it; nothing is said when it is not there."""
        *tables, key = place
        table: Any = self._document
        for name in tables:
            table = table.get(name, {})
        table.pop(key, None)

    def introduce(self, *lines: str) -> None:
        """Let the comment with which it begins be these lines."""
        comment, _, rest = self.text.partition("\n\n")
        if not comment.startswith("#"):
            rest = self.text
        self._document = tomlkit.parse("".join(f"# {line}\n" for line in lines) + f"\n{rest}")

    def write(self, target: Path) -> None:
        """Write it, whole or not at all.

        Raises:
            ConfigError: what it says now is no valid config, or the file cannot be written.
        """
        _ = self.config
        target = target.resolve()  # a link stays one
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            partial.write_text(self.text, encoding="utf-8")
            partial.replace(target)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            remedy = remedy_of(error) or "choose another file"
            raise ConfigError(
                f"{target} cannot be written ({error.strerror}); {remedy}."
            ) from error
