"""Libraries that only some need, imported when they are used."""

from importlib import import_module
from typing import Any

from lerecord.errors import ConfigError


def needed(module: str, extra: str) -> Any:
    """The module of a library that comes with an extra of lerecord.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"{module.partition('.')[0]} is not installed, which policies on the network need; run "
            f"`pip install 'lerecord[{extra}]'`."
        ) from error
