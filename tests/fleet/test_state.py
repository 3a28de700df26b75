"""What is kept from one look at the fleet to the next lies in one folder of this user's."""

from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.fleet import State


def test_it_is_below_the_users_state_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert State().folder == tmp_path / "state/lerecord/fleet"
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    assert State().folder == tmp_path / ".local/state/lerecord/fleet"


def test_without_a_home_a_folder_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lerecord.fleet.state.state_folder", lambda environ: None)
    with pytest.raises(ConfigError, match="name a folder with --state"):
        State()
    assert State(tmp_path).folder == tmp_path
