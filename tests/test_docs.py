"""The docs lead somewhere: every relative link, and every command that they name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from lerecord.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
_FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_NAMES = r"(?:[.\w/]*/)?lerecord ([a-z][\w-]*)(?: ([a-z][a-z-]*))?"
_IN_TEXT = re.compile("`" + _NAMES)
_IN_BLOCK = re.compile(r"^ *(?:\$ )?" + _NAMES, re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def broken(page: Path) -> Iterator[str]:
    """The relative links of a page that lead nowhere."""
    for link in _LINK.findall(_FENCED.sub("", page.read_text())):
        place, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def unknown(text: str) -> Iterator[str]:
    """The commands in a text that lerecord does not have."""
    root: Any = get_command(app)
    named = _IN_TEXT.findall(_FENCED.sub("", text))
    for block in _FENCED.findall(text):
        if block.lstrip().startswith("```sh"):
            named += _IN_BLOCK.findall(block)
    for name, further in named:
        command = root.commands.get(name)
        if command is None:
            yield name
        elif hasattr(command, "commands") and further and further not in command.commands:
            yield f"{name} {further}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_names_only_what_is_there(page: Path) -> None:
    assert list(broken(page)) == []
    if page.name != "CHANGELOG.md":  # an older release had other commands
        assert list(unknown(page.read_text())) == []


def test_every_page_can_be_found_from_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    found = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in _LINK.findall(index)}
    listed = {
        page for page in PAGES if page.is_relative_to(ROOT / "docs") and page.name != "index.md"
    }
    assert {page for page in listed if page.parent.name != "decisions"} <= found


def test_what_is_not_there_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](gone.md) [b](#here) [c](#there) [d](https://example.org/e.md)\n")
    assert list(broken(page)) == ["gone.md", "#there"]
    text = "`lerecord chekc`, `lerecord edit trom` or\nlerecord does\n"
    text += "```sh\nlerecord check\nlerecord chek\n```\n"
    assert list(unknown(text)) == ["chekc", "edit trom", "chek"]
