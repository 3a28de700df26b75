"""From a driver's name in a config to its module.

A driver is one module, and its name in BUILT_IN: lerecord/arms/<name> defines `Leader` and
`Follower`, lerecord/cameras/<name> defines `Camera`. Another package adds one with an entry
point in the group `lerecord.arms` or `lerecord.cameras` whose value is such a module.
"""

import importlib
from importlib.metadata import EntryPoints, entry_points
from types import ModuleType
from typing import Literal

from lerecord.errors import ConfigError

Kind = Literal["arms", "cameras"]
BUILT_IN: dict[Kind, tuple[str, ...]] = {
    "arms": ("koch", "lerobot", "so101"),
    "cameras": ("file", "opencv"),
}


def names(kind: Kind) -> list[str]:
    """Names of every driver of that kind, built in or installed beside, sorted."""
    return sorted({*BUILT_IN[kind], *_installed(kind).names})


def load(kind: Kind, name: str) -> ModuleType:
    """Import the driver's module.

    Raises:
        ConfigError: no driver has that name; the sentence lists those there are.
    """
    if name in BUILT_IN[kind]:
        return importlib.import_module(f"lerecord.{kind}.{name}")
    if name in (installed := _installed(kind)).names:
        module: ModuleType = installed[name].load()
        return module
    known = ", ".join(names(kind))
    raise ConfigError(f"There is no driver {name!r} for {kind}; known are {known}.")


def _installed(kind: Kind) -> EntryPoints:
    return entry_points(group=f"lerecord.{kind}")
