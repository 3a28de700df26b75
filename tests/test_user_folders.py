"""One folder for what is kept of a user, wherever lerecord is started."""

import pwd
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from lerecord.user_folders import cache_folder, state_folder

HOME = {"HOME": "/home/ada"}
BELOW_HOME = Path("/home/ada/.local/state/lerecord")


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        (HOME, BELOW_HOME),
        (HOME | {"XDG_STATE_HOME": ""}, BELOW_HOME),
        (HOME | {"XDG_STATE_HOME": "state"}, BELOW_HOME),
        (HOME | {"XDG_STATE_HOME": "./state"}, BELOW_HOME),
        (HOME | {"XDG_STATE_HOME": "~/state"}, BELOW_HOME),
        (HOME | {"XDG_STATE_HOME": "/srv/state"}, Path("/srv/state/lerecord")),
        ({"XDG_STATE_HOME": "/srv/state"}, Path("/srv/state/lerecord")),
    ],
)
def test_a_relative_path_counts_as_none(environ: Mapping[str, str], folder: Path) -> None:
    assert state_folder(environ) == folder


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        (HOME, Path("/home/ada/.cache/lerecord")),
        (HOME | {"XDG_CACHE_HOME": "cache"}, Path("/home/ada/.cache/lerecord")),
        (HOME | {"XDG_CACHE_HOME": "/srv/cache"}, Path("/srv/cache/lerecord")),
    ],
)
def test_that_of_what_can_be_made_again_likewise(environ: Mapping[str, str], folder: Path) -> None:
    assert cache_folder(environ) == folder


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "ada"}])
def test_without_home_the_system_is_asked(
    environ: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir="/home/ada"))
    assert state_folder(environ) == BELOW_HOME


def test_a_user_without_a_home_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert state_folder({}) is None
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=""))
    assert state_folder({}) is None
