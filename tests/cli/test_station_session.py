"""The address of a page, shown as a code where a terminal is large enough for it."""

import shutil
import sys
from io import StringIO
from os import terminal_size

import pytest

pytest.importorskip("segno", reason="the extra `web` is not installed")

from lerecord.cli.session_options import SessionOptions
from lerecord.cli.station_session import check_station, show_code
from lerecord.cli.typed_lines import TypedLines
from lerecord.errors import ConfigError

ADDRESS = "http://192.168.178.100:48741/#token=abcdefghijklmnopqrstuv"


class Person(TypedLines):
    """Presses Enter at once."""

    def __init__(self) -> None:
        super().__init__("Broken off.")
        self.asked: list[str] = []

    def ask(self, sentence: str) -> None:
        self.asked.append(sentence)


@pytest.mark.parametrize(
    ("size", "shows"), [((80, 24), True), ((36, 24), False), ((80, 20), False)]
)
def test_a_code_is_shown_where_it_fits_and_stays_until_enter(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], shows: bool
) -> None:
    out, person = StringIO(), Person()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: terminal_size(size))
    show_code(ADDRESS, person)
    assert out.getvalue().count("\n") == (19 if shows else 0)
    assert len(person.asked) == shows
    assert "token" not in out.getvalue()


def test_the_library_is_only_asked_for_where_other_devices_come_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lerecord.cli.web_extra.find_spec", lambda name: name != "segno" or None)
    check_station(SessionOptions(station=True))
    with pytest.raises(ConfigError, match=r"segno is not installed.*pip install 'lerecord\[web\]'"):
        check_station(SessionOptions(station=True, lan=True))
