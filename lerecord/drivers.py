"""From a driver's name in a config to its module.

A driver is one file: lerecord/arms/<name>.py defines `Leader` and `Follower`,
lerecord/cameras/<name>.py defines `Camera`. Another package adds one with an entry point in the
group `lerecord.arms` or `lerecord.cameras` whose value is such a module.
"""

import importlib
import pkgutil
from importlib.metadata import EntryPoints, entry_points
from types import ModuleType
from typing import Literal

from lerecord.errors import ConfigError

Kind = Literal["arms", "cameras"]
_SHARED_MODULES = {
    "arms": {"arm", "calibration", "limiter", "pair", "units"},
    "cameras": {"camera"},
}


def names(kind: Kind) -> list[str]:
    """Names of every driver of that kind, built in or installed beside, sorted."""
    return sorted({*_built_in(kind), *_installed(kind).names})


def load(kind: Kind, name: str) -> ModuleType:
    """Import the driver's module.

    Raises:
        ConfigError: no driver has that name; the sentence lists those there are.
    """
    if name in _built_in(kind):
        return importlib.import_module(f"lerecord.{kind}.{name}")
    if name in (installed := _installed(kind)).names:
        module: ModuleType = installed[name].load()
        return module
    known = ", ".join(names(kind))
    raise ConfigError(f"There is no driver {name!r} for {kind}; known are {known}.")


def _built_in(kind: Kind) -> set[str]:
    package = importlib.import_module(f"lerecord.{kind}")
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    return modules - _SHARED_MODULES[kind]


def _installed(kind: Kind) -> EntryPoints:
    return entry_points(group=f"lerecord.{kind}")
