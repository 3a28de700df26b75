"""The page's server is killed in the middle of applying marks: every edit is made or not at all."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `web` is not installed")

from lerecord.dataset.edit import operations
from lerecord.dataset.format import LabelChange
from lerecord.dataset.storage import has_pending
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.ui.episodes import Shelf
from tests.dataset.lists import CAMERAS, A, B, D, small_lab, stage, tree

REPOSITORY = Path(__file__).parents[3]
EACH = ["each"] if os.environ.get("LERECORD_CRASH_DEPTH", "1") == "2" else []
MARKS = [
    {"episode": 0, "label": "success"},
    {"episode": 1, "task": "c"},
    {"episode": 2, "start": 1, "end": 4},
    {"episode": 3, "delete": True},
]
EDITS: tuple[Callable[[Path], object], ...] = (
    lambda root: operations.label(root, [0], LabelChange(True)),
    lambda root: operations.relabel(root, [1], "c"),
    lambda root: operations.trim(root, 2, start_s=1 / 30, end_s=5 / 30),
    lambda root: operations.delete(root, [3]),
)
"""The same as the marks, in the order in which they are applied."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = small_lab(tmp_path_factory.mktemp("sets") / "set", CAMERAS[:1])
    with lab.open() as writer:
        for take in (A, B, D, A):
            writer.commit(stage(lab, writer, take))
    operations.label(lab.root, [1], LabelChange(False, "fell"))  # so that there is a file of labels
    return lab.root


def shown(root: Path) -> list[Any]:
    """What a page that is started again has of the episodes."""
    book = Shelf(root).now()
    return [
        (record.length, each.tasks, each.success, each.note)
        for record, each in zip(book.records, book.overviews, strict=True)
    ]


@pytest.mark.timeout(1800)
def test_a_page_killed_while_it_applies_leaves_whole_edits(recorded: Path, tmp_path: Path) -> None:
    states = [shutil.copytree(recorded, tmp_path / "state 0")]
    for number, edit in enumerate(EDITS, 1):
        states.append(shutil.copytree(states[-1], tmp_path / f"state {number}"))
        edit(states[-1])
    said = [json.dumps(MARKS), *EACH]
    (folder := tmp_path / "killed").mkdir()
    ran = subprocess.run(
        [sys.executable, "-m", "tests.ui.view.kill_applies", *map(str, (recorded, folder)), *said],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert ran.returncode == 0, ran.stderr
    steps, numbers = map(json.loads, ran.stdout.splitlines())
    assert tree(folder / "whole") == tree(states[-1])
    outcomes = []
    for number in numbers:
        root, made = folder / str(number), steps[:number].count("mark")
        assert shown(root) == shown(states[made]), steps[number]
        with DatasetWriter.open(root):
            pass
        assert (tree(root), has_pending(root)) == (tree(states[made]), False), steps[number]
        assert check(root, quick=True).findings == []
        if made:
            operations.undo(root)
            assert tree(root) == tree(states[made - 1])
        outcomes.append(made)
    assert EACH or outcomes == [0, 1, 1, 2, 2, 3, 3, 4]
