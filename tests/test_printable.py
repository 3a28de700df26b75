import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.errors import ConfigError, LerecordError
from lerecord.printable import print_folded, print_json, print_line, shown

ANY_TEXT = st.text(st.characters(categories=None))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Grab the box", "Grab the box"),
        ("Schachtel, boîte, 箱\u3000и 😀", "Schachtel, boîte, 箱\u3000и 😀"),
        ("\x1b]0;owned\x07\x1b[2J", r"\x1b]0;owned\x07\x1b[2J"),
        ("\x9b31m\x7f", r"\x9b31m\x7f"),
        ("left\u202etfel\u2066\u200f", r"left\u202etfel\u2066\u200f"),
        ("two\nlines\r\tof\u2028text\x85", r"two\nlines\r\tof\u2028text\x85"),
        ("\udcff\U000e0041", r"\udcff\U000e0041"),
        (r"C:\new", r"C:\new"),
    ],
    ids=ascii,
)
def test_what_is_not_visible_is_escaped(text: str, line: str) -> None:
    assert shown(text) == line
    assert str(ConfigError(text)) == line


@given(ANY_TEXT)
def test_a_line_is_one_line_of_visible_characters(text: str) -> None:
    out = io.StringIO()
    print_line(text, out)
    assert out.getvalue() == shown(text) + "\n"
    assert {unicodedata.category(each) for each in shown(text)}.isdisjoint(
        {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    )
    assert shown(shown(text)) == shown(text) == str(LerecordError(text))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@given(text=ANY_TEXT)
def test_json_is_one_line_that_says_the_same(encoding: str, text: str) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    print_json({text: [text]}, out)
    out.seek(0)
    line = out.read()
    assert line.removesuffix("\n") == shown(line.removesuffix("\n"))
    assert json.loads(line) == json.loads(json.dumps({text: [text]}))


def test_a_terminal_of_few_characters_gets_escapes() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    print_line("boîte", out)
    out.seek(0)
    assert out.read() == "bo\\xeete\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_sentences_folded_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    told = "  ok    6 servos answer on /dev/serial/by-id/usb-1a86 now"
    terminal, pipe = Terminal(), io.StringIO()
    print_folded(told, terminal, hang=8)
    print_folded(told, pipe, hang=8)
    assert terminal.getvalue().splitlines() == [
        "  ok    6 servos",
        "        answer on",
        "        /dev/serial/by-id/usb-1a86",
        "        now",
    ]
    assert pipe.getvalue() == f"{told}\n"
