"""`lerecord station`: the form, the session in a process of its own, and the form again."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.cli import begun_session, main
from lerecord.cli.begun_session import Clerk, run_session
from lerecord.cli.result_file import tell_error, tell_result, told_in
from lerecord.processes import PAGE_TOKEN, RESULT_FILE, environment
from lerecord.ui.start import Form, KeptForm, TaskLine, Told
from lerecord.ui.station import StationSettings
from lerecord.ui.web import WebServer

PAGE = StationSettings(1)
FORM = Form(hardware="sim", dataset="box", tasks=(TaskLine(task="Grab it; $(x)", episodes=1),))


def session(script: str) -> Callable[..., list[str]]:
    """Stands for the command line of a session."""
    return lambda *_: [sys.executable, "-c", f"import os, signal\n{script}"]


def told(document: dict[str, Any]) -> str:
    return f"open(os.environ['{RESULT_FILE}'], 'a').write({json.dumps(document)!r} + '\\n')"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (told({"lines": ["a", "  b"]}), Told(("a", "  b"))),
        (
            f"{told({'lines': ['a']})}\n{told({'error': 'It stuck.'})}\nraise SystemExit(2)",
            Told(("a",), "It stuck."),
        ),
        (told({"error": "The port is missing."}), Told((), "The port is missing.")),
        ("raise SystemExit(3)", Told((), "It ended with status 3; its terminal says why.")),
        ("raise SystemExit(130)", Told((), "It was broken off before it began.")),
    ],
)
def test_what_came_of_a_session_is_what_it_said(
    script: str, expected: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(begun_session, "lerecord", session(script))
    (tmp_path / "result.jsonl").write_text('{"error": "of the one before"}\n')
    assert run_session(FORM, PAGE, None, tmp_path) == (expected, None)


def test_the_session_lets_in_whoever_the_form_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"{{\"lines\": [\"{PAGE_TOKEN} is ' + os.environ['{PAGE_TOKEN}'] + '\"]}}"
    script = f"open(os.environ['{RESULT_FILE}'], 'a').write('{line}\\n')"
    monkeypatch.setattr(begun_session, "lerecord", session(script))
    assert run_session(FORM, PAGE, "secret", tmp_path) == (Told((f"{PAGE_TOKEN} is secret",)), None)


@pytest.mark.parametrize(
    ("number", "ending"), [(signal.SIGINT, None), (signal.SIGTERM, signal.SIGTERM)]
)
def test_a_signal_is_for_the_session_and_all_but_ctrl_c_end_the_command_after_it(
    number: int, ending: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (  # the command's own process gets it, as from `kill`
        f"signal.signal({number:d}, lambda *_: ({told({'lines': ['parked']})}, os._exit(0)))\n"
        f"os.kill(os.getppid(), {number:d})\n"
        "while True: signal.pause()"
    )
    monkeypatch.setattr(begun_session, "lerecord", session(script))
    monkeypatch.setattr(begun_session, "is_attended", lambda: False)
    before = signal.getsignal(number)
    assert run_session(FORM, PAGE, None, tmp_path) == (Told(("parked",)), ending)
    assert signal.getsignal(number) is before


def test_the_page_comes_back_at_the_same_port_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[tuple[Form, int]] = []
    opened: list[str] = []
    clerks: list[Clerk] = []

    def serve(server: WebServer) -> None:
        if len(ran) < 2:
            clerks[0].start(FORM)

    def run(
        form: Form, page: StationSettings, token: str | None, scratch: Path
    ) -> tuple[Told, None]:
        ran.append((form, page.port))
        assert token is None
        assert scratch.stat().st_mode & 0o077 == 0
        return Told((f"session {len(ran)}",)), None

    class Watched(Clerk):
        def __init__(self, kept: KeptForm, page: StationSettings) -> None:
            super().__init__(kept, page)
            clerks.append(self)

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(begun_session, "Clerk", Watched)
    monkeypatch.setattr(begun_session, "run_session", run)
    monkeypatch.setattr(begun_session, "open_page", opened.append)
    monkeypatch.setattr("lerecord.ui.web.WebServer.run", serve)
    monkeypatch.setattr("sys.argv", ["lerecord", "station"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    addresses = [line.split()[4] for line in capsys.readouterr().out.splitlines()]
    assert len(addresses) == 3
    assert {f"{each};" for each in opened} == {*addresses}
    assert len(opened) == 1
    assert [form for form, _ in ran] == [FORM, FORM]
    assert clerks[0].told == Told(("session 2",))
    assert Clerk(KeptForm.of_user(os.environ), PAGE).form == FORM  # the next time, too


def test_a_command_tells_its_result_and_its_refusal_to_the_file_that_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "result.jsonl"
    assert told_in(file) == ((), None)
    monkeypatch.setenv(RESULT_FILE, str(file))
    monkeypatch.setattr("sys.argv", ["lerecord", "info", str(tmp_path / "none")])
    with pytest.raises(SystemExit):
        main()
    assert f"lerecord: {told_in(file)[1]}\n" == capsys.readouterr().err
    tell_result(["one", "two"])
    tell_error("late")
    assert told_in(file) == (("one", "two"), "late")
    assert RESULT_FILE not in environment(os.environ)  # of what this command starts itself


def test_without_the_extra_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lerecord.cli.web_extra.find_spec", lambda name: None)
    monkeypatch.setattr("sys.argv", ["lerecord", "station"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "`pip install 'lerecord[web]'`" in capsys.readouterr().err
