"""Marks: what they would do, what they do, and the way back."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from starlette.types import ASGIApp

from lerecord.dataset.edit import operations
from lerecord.dataset.format import LabelChange, layout
from lerecord.dataset.overview import episodes
from lerecord.dataset.v30 import export_v30
from lerecord.dataset.verify import check
from lerecord.ui.episodes import Shelf
from lerecord.ui.view import view_app
from lerecord.ui.web import Gate
from tests.dataset.lists import A, B, C, D, record, tree
from tests.ui.web.asgi import HOST, OWN, Answer, ask


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("sets") / "set", [A, B, C, D])


@pytest.fixture
def root(recorded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(recorded, tmp_path / "set")


@pytest.fixture
def page(root: Path) -> ASGIApp:
    return Gate(view_app(Shelf(root)), [HOST])


def get(page: ASGIApp, path: str) -> Any:
    return ask(page, path, headers=(("host", HOST),)).data


def post(page: ASGIApp, path: str, **said: Any) -> Answer:
    body = json.dumps({"version": get(page, "/api/version")["version"], **said}).encode()
    headers = (
        ("host", HOST),
        ("origin", OWN),
        ("content-type", "application/json"),
        ("content-length", str(len(body))),
    )
    return ask(page, path, "POST", headers, body)


MARKS = [
    {"episode": 0, "label": "success"},
    {"episode": 1, "delete": True, "label": "failure"},
    {"episode": 2, "label": "success", "task": "c"},
    {"episode": 3, "start": 2, "end": 5, "note": "the end is cut"},
]


def test_marks_are_previewed_applied_and_taken_back(root: Path, page: ASGIApp) -> None:
    before = tree(root)
    planned = post(page, "/api/preview", marks=MARKS).data["steps"]
    assert planned == [
        "Label episodes 0, 2: success.",
        'Label episode 3: note "the end is cut".',
        'Give episode 2 the task "c".',
        "Trim episode 3 to its frames 2 to 5: 2 frames before and 1 behind go, and 4 of 7 stay.",
        "Delete episode 1; 3 of 4 episodes stay. Episodes behind are renumbered: 2 becomes 1.",
    ]
    assert tree(root) == before
    assert len(post(page, "/api/apply", marks=MARKS).data["done"]) == len(planned)
    now = [(each.tasks, each.success, each.note) for each in episodes(root)]
    assert now == [(("a",), True, ""), (("c",), True, ""), (("c",), None, "the end is cut")]
    assert [row["frames"] for row in get(page, "/api/episodes")["episodes"]] == [6, 5, 4]
    assert check(root).sound
    for _ in planned:
        assert post(page, "/api/undo").status == 200
    (root / layout.LABELS).unlink()  # empty again; there was none
    assert tree(root) == before
    assert post(page, "/api/undo").status == 409


@pytest.mark.parametrize(
    ("mark", "asked"),
    [
        ({"label": "success"}, "label 2 --success"),
        ({"label": "none"}, "label 2 --clear"),
        ({"note": "it fell"}, 'label 2 --note "it fell"'),
        ({"note": ""}, 'label 2 --note ""'),
        ({"task": "d"}, 'relabel 2 --task "d"'),
        ({"start": 1}, "trim 2"),
        ({"end": 3}, "trim 2"),
        ({"delete": True}, "delete 2"),
    ],
)
def test_every_kind_of_edit_can_be_undone_and_redone(
    root: Path, page: ASGIApp, mark: dict[str, Any], asked: str
) -> None:
    operations.label(root, [2], LabelChange(success=False, note="slow"))
    before, history = tree(root), get(page, "/api/history")
    assert post(page, "/api/apply", marks=[{"episode": 2, **mark}]).status == 200
    after = tree(root)
    assert after != before
    assert get(page, "/api/history")["undo"].startswith(asked)
    post(page, "/api/undo")
    assert (tree(root), get(page, "/api/history")["undo"]) == (before, history["undo"])
    post(page, "/api/redo")
    assert tree(root) == after


def test_the_history_says_what_would_be_undone(page: ASGIApp) -> None:
    assert get(page, "/api/history") == {"undo": None, "redo": None}
    post(page, "/api/apply", marks=[{"episode": 1, "delete": True}])
    assert get(page, "/api/history") == {"undo": "delete 1", "redo": None}
    post(page, "/api/undo")
    assert get(page, "/api/history") == {"undo": None, "redo": "delete 1"}
    assert post(page, "/api/redo").data == {"done": ["delete 1"]}


def test_what_was_decided_on_another_state_is_refused(root: Path, page: ASGIApp) -> None:
    old = get(page, "/api/version")["version"]
    post(page, "/api/apply", marks=[{"episode": 0, "delete": True}])
    before = tree(root)
    for path, said in (("/api/apply", {"marks": MARKS}), ("/api/undo", {})):
        refused = post(page, path, version=old, **said)
        assert refused.status == 409
        assert "has changed" in refused.data["error"]
    assert tree(root) == before


@pytest.mark.parametrize(
    ("marks", "status"),
    [
        ([], 400),
        ([{"episode": -1, "delete": True}], 400),
        ([{"episode": "0", "delete": True}], 400),
        ([{"episode": 0, "label": "great"}], 400),
        ([{"episode": 0, "remove": True}], 400),
        ([{"episode": 0, "note": "x" * 2001}], 400),
        ("all", 400),
        ([{"episode": 4, "delete": True}], 409),
        ([{"episode": 0}], 409),
        ([{"episode": 0, "delete": True}, {"episode": 0, "label": "none"}], 409),
        ([{"episode": 0, "task": "  "}], 409),
        ([{"episode": 0, "start": 5, "end": 5}], 409),
        ([{"episode": 0, "end": 6}], 409),
    ],
)
def test_what_nobody_can_mean_changes_nothing(
    root: Path, page: ASGIApp, marks: Any, status: int
) -> None:
    before = tree(root)
    for path in ("/api/preview", "/api/apply"):
        refused = post(page, path, marks=marks)
        assert (refused.status, [*refused.data]) == (status, ["error"])
    assert tree(root) == before


def test_after_an_edit_that_is_refused_the_others_are_not_tried(page: ASGIApp) -> None:
    every = [{"episode": number, "delete": True} for number in range(4)]
    refused = post(page, "/api/apply", marks=every)
    assert (refused.status, refused.data["done"]) == (409, [])
    assert "every episode" in refused.data["error"]


def test_a_label_can_be_taken_away_without_its_note(root: Path, page: ASGIApp) -> None:
    post(page, "/api/apply", marks=[{"episode": 0, "label": "failure", "note": "fell"}])
    post(page, "/api/apply", marks=[{"episode": 0, "label": "none"}])
    assert next((each.success, each.note) for each in episodes(root)) == (None, "fell")


def test_v30_is_not_changed_and_what_makes_a_copy_that_can_be_is_said(
    root: Path, tmp_path: Path
) -> None:
    export_v30(root, newer := tmp_path / "newer")
    before = tree(newer)
    page = Gate(view_app(Shelf(newer)), [HOST])
    closed = get(page, "/api/dataset")["closed"]
    assert f"`lerecord import {newer} {newer}_v2.1`" in closed
    assert get(page, "/api/history") == {"undo": None, "redo": None}
    for path in ("/api/preview", "/api/apply"):
        refused = post(page, path, marks=MARKS)
        assert (refused.status, refused.data["error"]) == (409, closed)
    for path in ("/api/undo", "/api/redo"):
        assert post(page, path).data["error"] == closed
    assert tree(newer) == before
