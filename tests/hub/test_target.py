import os
from pathlib import Path

import pytest

from lerecord.errors import ConfigError
from lerecord.hub.destinations import Destination, keep
from lerecord.hub.target import UnconfirmedError, remember, repository
from tests.syncs import Watched


def test_a_repository_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give --repo-id USER/NAME once"):
        repository(tmp_path, None)
    remember(tmp_path, "me/box")
    keep(Destination.of(tmp_path, "me/box"))
    assert repository(tmp_path, None) == "me/box"
    assert repository(tmp_path, "me/other") == "me/other"


@pytest.mark.parametrize("name", ["box", "a/b/c", "/box", "me/", "me/b x", "me/a..b", "me/ä", ""])
def test_a_name_that_the_hub_does_not_take_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="is not the name of a repository"):
        repository(tmp_path, name)


def test_a_repository_that_only_the_dataset_names_is_not_taken(tmp_path: Path) -> None:
    remember(tmp_path, "me/box")
    with pytest.raises(UnconfirmedError, match="confirm it with `--repo-id me/box`"):
        repository(tmp_path, None)
    keep(Destination.of(tmp_path, "me/other"))
    with pytest.raises(UnconfirmedError):
        repository(tmp_path, None)


@pytest.mark.parametrize(
    "memory",
    [
        "{}", "[]", "3", "null", "", "\0", "{", '{"repo_id": null}', '{"repo_id": 3}',
        '{"repo_id": "../box"}', '{"repo_id": "me/box\\u001b[2J"}',
        f'{{"repo_id": "{"x" * 20000}"}}',
    ],
)  # fmt: skip
def test_a_damaged_memory_is_said(tmp_path: Path, memory: str) -> None:
    remember(tmp_path, "me/box")
    (tmp_path / ".lerecord/hub.json").write_text(memory, encoding="utf-8")
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


def test_a_planted_link_or_pipe_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / ".lerecord").mkdir()
    (tmp_path / "victim").write_text("mine", encoding="utf-8")
    (tmp_path / ".lerecord/hub.draft").symlink_to(tmp_path / "victim")
    os.mkfifo(tmp_path / ".lerecord/hub.json")
    with pytest.raises(ConfigError, match=r"is not a file .* give --repo-id"):
        repository(tmp_path, None)
    remember(tmp_path, "me/box")
    assert (tmp_path / "victim").read_text(encoding="utf-8") == "mine"
    assert "me/box" in (tmp_path / ".lerecord/hub.json").read_text(encoding="utf-8")
