from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.hub.target import remember, repository
from tests.syncs import Watched


def test_a_repository_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name it once with --repo-id USER/NAME"):
        repository(tmp_path, None)
    remember(tmp_path, "me/box")
    assert repository(tmp_path, None) == "me/box"
    assert repository(tmp_path, "me/other") == "me/other"


@pytest.mark.parametrize("name", ["box", "a/b/c", "/box", "me/", "me/b x", "me/a..b", "me/ä", ""])
def test_a_name_that_the_hub_does_not_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is no name of a repository"):
        repository(tmp_path, name)


def test_a_damaged_memory_is_said(tmp_path: Path) -> None:
    remember(tmp_path, "me/box")
    (tmp_path / ".lerecord/hub.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="give --repo-id"):
        repository(tmp_path, None)


def test_where_a_dataset_belongs_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(tmp_path, monkeypatch)
    remember(tmp_path, "lab/box")
    assert watched.events == [
        "mkdir .lerecord",
        "sync .",
        "sync .lerecord/hub.draft",
        "rename .lerecord/hub.draft",
        "sync .lerecord",
    ]
