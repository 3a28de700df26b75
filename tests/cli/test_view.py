"""`lerecord view`: what it says before it serves, and when it cannot."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from lerecord.cli import main
from lerecord.cli.web_extra import require_web
from lerecord.errors import ConfigError
from tests.dataset.lists import A, record


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lerecord.cli.web_extra.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"`pip install 'lerecord\[web\]'`"):
        require_web()


@pytest.mark.skipif(find_spec("starlette") is None, reason="the extra `web` is not installed")
@pytest.mark.parametrize("option", ["--no-browser", "--browser"])
def test_it_prints_its_address_and_opens_it_if_wanted(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = record(tmp_path / "set", [A])
    opened: list[str] = []
    monkeypatch.setattr("lerecord.cli.view_session.open_page", opened.append)
    monkeypatch.setattr("lerecord.ui.web.WebServer.run", lambda server: None)
    monkeypatch.setattr("sys.argv", ["lerecord", "view", str(root), option])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().out
    assert ended.value.code in (0, None)
    address = said.split(" at ")[1].split(";")[0]
    assert address.startswith("http://127.0.0.1:")
    assert opened == ([address] if option == "--browser" else [])


@pytest.mark.skipif(find_spec("starlette") is None, reason="the extra `web` is not installed")
def test_one_episode_is_written_into_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, file = record(tmp_path / "set", [A]), tmp_path / "episode.html"

    def told(*options: str) -> str:
        monkeypatch.setattr("sys.argv", ["lerecord", "view", str(root), *options])
        with pytest.raises(SystemExit):
            main()
        streams = capsys.readouterr()
        return streams.out + streams.err

    whole = ("--export-html", str(file), "--episode", "0")
    assert f"Episode 0 is in {file}" in told(*whole)
    before = file.read_bytes()
    assert before.startswith(b"<!doctype html>")
    assert "exists already" in told(*whole)
    assert file.read_bytes() == before
    for half in (whole[:2], whole[2:]):
        assert "give both" in told(*half)
    elsewhere = told("--export-html", str(tmp_path / "no" / "file"), "--episode", "0")
    assert len(elsewhere.strip().splitlines()) == 1
