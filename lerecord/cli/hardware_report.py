"""What `lerecord hardware show` and `lerecord hardware check` print."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from lerecord.arms import calibration_of
from lerecord.bringup import arm_places
from lerecord.cli.output import Output
from lerecord.config import find_config, load_config


def show_config(name: str, output: Output) -> None:
    """Print a config with every default in it.

    Raises:
        ConfigError: there is none, or it is wrong.
    """
    path = find_config(name)
    config = load_config(path).without_secrets().model_dump(mode="json", exclude_none=True)
    output.result({"file": path, "config": config}, [f"# {path}", *_lines(config)])


def check_config(name: str, output: Output) -> None:
    """Say that a config and the calibrations that it names can be used.

    Raises:
        ConfigError: one of them cannot; the sentence names file and key.
    """
    path = find_config(name)
    config = load_config(path)
    places = arm_places(config, path.parent)
    files = {}
    for place in places:
        found = calibration_of(place.config, place.driver, place.folder, os.environ)
        files[place.name] = found.source
    right = f"{path} and its {len(files)} calibrations are right."
    output.result({"file": path, "calibrations": files}, [right])


def _lines(table: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """A table as TOML would have it: keys first, then the tables in it."""
    for key, value in table.items():
        if not isinstance(value, Mapping) or not value:
            yield f"{key} = {_value(value)}"
    for key, value in table.items():
        if isinstance(value, Mapping) and value:
            name = f"{place}{key}"
            if any(not isinstance(each, Mapping) for each in value.values()):
                yield f"[{name}]"
            yield from _lines(value, f"{name}.")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
