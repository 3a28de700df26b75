import sys
from io import StringIO

import pytest

from lerecord.cli.session_parts import waiting_for


class Terminal(StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_what_the_start_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with waiting_for("the arms"):
        assert "Starting: waiting for the arms ..." in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")  # wiped away


def test_a_log_is_spared_it(monkeypatch: pytest.MonkeyPatch) -> None:
    log = StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with waiting_for("the cameras"):
        pass
    assert log.getvalue() == ""
