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
