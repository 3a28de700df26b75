"""What `lerecord find` tells, also when it is broken off."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lerecord.bringup import Answering, FoundServo
from lerecord.cli.find_report import find_ports, watch_ports
from lerecord.cli.output import Output


class BrokenOff(Output):
    """Plugs a port in and out as it is told to, and breaks off as soon as that is told."""

    def __init__(self, port: Path) -> None:
        super().__init__()
        self._port = port
        self.document: Any = None

    def line(self, text: str) -> None:
        if "Ctrl-C" in text:
            self._port.touch()
        elif text == "plugged in:":
            self._port.unlink()
        elif text == "unplugged:":
            raise KeyboardInterrupt

    def result(self, document: Any, lines: Iterable[str]) -> None:
        self.document = document


def test_ids_are_told_model_by_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    servos = (FoundServo(1, 1060, "xl430-w250"), *(FoundServo(i, 1200, "xl330") for i in (2, 3)))
    found = Answering("Dynamixel", 1_000_000, servos, (), ("koch follower",))
    monkeypatch.setattr("lerecord.cli.find_report.answering", lambda *_: [found])
    find_ports(["/dev/a"], False, Output())
    assert capsys.readouterr().out.splitlines() == [
        "/dev/a",
        "    koch follower: Dynamixel servos at 1,000,000 baud, id 1 xl430-w250; ids 2, 3 xl330",
    ]


def test_a_change_that_was_told_is_in_the_document_whenever_it_is_broken_off(
    tmp_path: Path,
) -> None:
    output = BrokenOff(tmp_path / "port")
    watch_ports([str(tmp_path / "port")], False, output)
    changes = output.document["changes"]
    assert [each["is_plugged_in"] for each in changes] == [True, False]
    assert "failure" in changes[0]
    assert changes[1].keys() == {"is_plugged_in", "stable", "device", "adapter"}
