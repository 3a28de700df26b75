"""What `lerecord find` tells, also when it is broken off."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lerecord.cli.find_report import watch_ports
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


def test_a_change_that_was_told_is_in_the_document_whenever_it_is_broken_off(
    tmp_path: Path,
) -> None:
    output = BrokenOff(tmp_path / "port")
    watch_ports([str(tmp_path / "port")], False, output)
    changes = output.document["changes"]
    assert [each["is_plugged_in"] for each in changes] == [True, False]
    assert "failure" in changes[0]
    assert changes[1].keys() == {"is_plugged_in", "stable", "device", "adapter"}
