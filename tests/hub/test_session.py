from pathlib import Path

import pytest

from lerecord.errors import ConfigError, HubError
from lerecord.hub import PushOptions, session_push
from lerecord.hub.session import SessionPush


def checked(root: Path) -> None:
    SessionPush(PushOptions("me/box")).check(root)


def test_how_to_push_is_only_asked_for_a_push() -> None:
    assert session_push(False, None, None, as_json=False) is None
    with pytest.raises(ConfigError, match="--push-every only applies to a push; add --push"):
        session_push(False, None, 3, as_json=False)


def test_a_session_does_not_begin_while_nobody_has_logged_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(
        HubError, match="There is no token for the Hub; log in with `hf auth login`"
    ):
        checked(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_any")
    checked(tmp_path)


def test_a_broken_client_is_not_taken_for_no_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "huggingface_hub.py").write_text("import nothing_of_that_name", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("HF_TOKEN", "hf_any")
    with pytest.raises(HubError, match=r"huggingface_hub does not work here \(ModuleNotFoundError"):
        checked(tmp_path)
