"""Finding, reading and checking config files.

A config is named (looked up in ./hardware_configs, then among the packaged ones) or given as a
path. An unknown key is refused with its table and the nearest known key.
"""

import difflib
import stat
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lerecord import secrets
from lerecord.config.schema import HardwareConfig, Table
from lerecord.errors import ConfigError
from lerecord.refusals import remedy_of

SIMULATED = "sim"
"""The config that records without any hardware."""

_FOLDER = "hardware_configs"
_Model = TypeVar("_Model", bound=Table)


def config_folders() -> list[Path]:
    """Where names are looked up: the working folder's, then the packaged one."""
    package = Path(__file__).parents[1]
    packaged = package / _FOLDER  # in a wheel
    if not packaged.is_dir():
        packaged = package.parent / _FOLDER  # in a checkout, also when installed editable
    return [Path(_FOLDER), packaged]


def known_names() -> list[str]:
    """Names of every config that can be found, sorted."""
    return sorted({path.stem for folder in config_folders() for path in folder.glob("*.toml")})


def find_config(name_or_path: str) -> Path:
    """The file of a config given by name or by path.

    Raises:
        ConfigError: there is none; the sentence lists the known names.
    """
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return _config_at(Path(name_or_path))
    for folder in config_folders():
        path = folder / f"{name_or_path}.toml"
        if path.is_file():
            return path
    known = ", ".join(known_names())
    raise ConfigError(
        f"There is no hardware config named {name_or_path!r}; known are {known}, "
        f"or give the path of a TOML file."
    )


def _config_at(path: Path) -> Path:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise ConfigError(f"There is no hardware config {path}; check the path.") from None
    except OSError as error:
        remedy = remedy_of(error) or "check the path"
        raise ConfigError(
            f"The hardware config {path} cannot be read ({error.strerror}); {remedy}."
        ) from error
    except ValueError as error:
        raise ConfigError(f"{str(path)!r} is not a path ({error}); correct it.") from error
    if stat.S_ISDIR(mode):
        raise ConfigError(f"{path} is a folder; name a hardware config in it, a TOML file.")
    if not stat.S_ISREG(mode):
        raise ConfigError(f"{path} is not a file; name a hardware config, a TOML file.")
    return path


def load_config(path: Path) -> HardwareConfig:
    """Read and validate a config file.

    Raises:
        ConfigError: it cannot be read, is not TOML, or a key is unknown, missing or wrong.
    """
    return parse_config(read_toml(path), str(path))


def parse_config(data: Mapping[str, Any], source: str) -> HardwareConfig:
    """Validate a config's data; `source` names it in messages."""
    return validated(HardwareConfig, data, source)


def read_toml(path: Path) -> dict[str, Any]:
    """The data of a TOML file; raises ConfigError when it cannot be read or is not TOML."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def read_text(path: Path) -> str:
    """The text of a TOML file; raises ConfigError when it cannot be read or is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        remedy = remedy_of(error) or "check the file"
        raise ConfigError(f"{path} cannot be read ({error.strerror}); {remedy}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error


def validated(model: type[_Model], data: Mapping[str, Any], source: str) -> _Model:
    """Data of a file as its table says; `source` names it in messages.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # A misspelt key is also a missing one: the misspelling is the better thing to say.
        errors = error.errors(include_url=False)
        errors.sort(key=lambda each: each["type"] != "extra_forbidden")
        raise ConfigError(f"{source}: {_explain(model, errors[0])}") from error


def _explain(model: type[Table], error: ErrorDetails) -> str:
    *table, key = error["loc"]
    reason = error["msg"].removeprefix("Value error, ")
    if isinstance(key, int):  # what is wrong is a table of an array as a whole
        return f"in {_name([*table, key])}: {reason}."
    if key == "[key]":  # pydantic's word for the name of a table
        return (
            f"{_name(table)} has an invalid name; use lower-case letters, digits and _, "
            f"a letter first."
        )
    where = f"in {_name(table)}" if table else "at the top level"
    if error["type"] == "extra_forbidden":
        known = list(_keys_at(model, tuple(table)))
        near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys are {', '.join(known)}."
        return f"unknown key {str(key)!r} {where}; {hint}"
    if error["type"] == "missing":
        return f"the key {str(key)!r} is missing {where}; add it."
    given = "" if isinstance(error["input"], dict) else f" is {error['input']!r}"
    return secrets.without_secrets(f"{key!s} {where}{given}: {reason[0].lower()}{reason[1:]}.")


def _name(table: Sequence[int | str]) -> str:
    """A table as its file writes it; tables of an array are told by their place, from 1."""
    if isinstance(table[-1], int):
        return f"[[{'.'.join(map(str, table[:-1]))}]] number {table[-1] + 1}"
    return f"[{'.'.join(map(str, table))}]"


def _keys_at(model: type[BaseModel], table: tuple[Any, ...]) -> Iterator[str]:
    """The keys that a table knows, found by walking the model along the table's path."""
    for part in table:
        field = model.model_fields.get(str(part))
        if field is None:
            continue  # the free name of an arm or a camera
        model = _table_of(field.annotation) or model
    yield from model.model_fields


def _table_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in reversed(getattr(annotation, "__args__", ())):
        if (found := _table_of(argument)) is not None:
            return found
    return None
