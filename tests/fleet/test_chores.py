"""Chores: each thing has a result, whatever becomes of the others, and is done once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lerecord.errors import DatasetError
from lerecord.fleet import Engine, HowToWork, State
from lerecord.fleet.books import Books, write_lines
from lerecord.fleet.chores import Chore, carry_out, work
from lerecord.progress import Advance

ITEMS = [{"root": f"/data/{name}", "name": f"/data/{name}"} for name in "abcd"]
did: list[str] = []


def do(told: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    did.append(item["root"])
    if item["root"] == "/data/b":
        raise DatasetError("/data/b is torn; restore it.")
    if item["root"] == "/data/c":
        raise ZeroDivisionError("of the chore")
    return {"said": told["word"]}


@pytest.fixture(autouse=True)
def measured_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lerecord.fleet.measuring.do", do)
    did.clear()


def test_what_fails_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    told: list[Advance] = []
    how = HowToWork(Engine(workers=1), progress=told.append)
    done = carry_out(Chore("measuring", {"word": "x"}, ITEMS, []), State(tmp_path), how)
    assert done.results == {"/data/a": {"said": "x"}, "/data/d": {"said": "x"}}
    reasons = [each.reason for each in done.troubles]
    assert reasons[0] == "/data/b is torn; restore it."
    assert reasons[1].startswith("/data/c (ZeroDivisionError: of the chore, in test_chores.py:")
    assert told[-1] == Advance(4, 4, "steps")
    assert list((tmp_path / "chores").iterdir()) == [tmp_path / "chores/of"]


def test_what_is_done_is_not_done_again_and_what_killed_twice_is_given_up(tmp_path: Path) -> None:
    write_lines(tmp_path / "work.json", [{"module": "measuring", "told": {"word": "x"}}])
    write_lines(tmp_path / "items.jsonl", ITEMS)
    books = Books(tmp_path)
    books.mark_done(0)
    lines = f"{json.dumps('/data/d')}\n" * 2
    (tmp_path / "lost/things").write_text(lines, encoding="utf-8")
    assert len(list(work(tmp_path, 0, 1))) == 2
    assert did == ["/data/b", "/data/c"]
    reasons = [each["reason"] for each in books.troubles()]
    assert reasons[2] == "/data/d: the process that worked on it died, twice."
    assert books.batches_done() == 4
