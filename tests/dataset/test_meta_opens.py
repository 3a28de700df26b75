"""Metadata is read once and passed on: whatever changes a dataset opens each of its files once."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lerecord.dataset.edit import operations
from lerecord.dataset.format import layout
from tests.dataset.lists import A, B, C, D, record, small_lab, stage

META = [layout.INFO, layout.HARDWARE, layout.TASKS, layout.EPISODES, layout.EPISODES_STATS]
META += [layout.STATS, layout.ANNOTATIONS["health"]]
LINES = [layout.EPISODES, layout.EPISODES_STATS, layout.ANNOTATIONS["health"]]

_counters: list[Counter[str]] = []


def _count(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open" and _counters and isinstance(arguments[0], str):
        for name in META:  # one that is opened below its folder is named without it
            if Path(arguments[0]).name == Path(name).name:
                _counters[-1][name] += 1


sys.addaudithook(_count)


@contextmanager
def opens() -> Iterator[Counter[str]]:
    """How often each file of metadata is opened in the block, to read or to write."""
    _counters.append(Counter())
    try:
        yield _counters[-1]
    finally:
        _counters.pop()


EDITS: dict[str, Callable[[Path], object]] = {
    "delete": lambda root: operations.delete(root, [0]),
    "relabel": lambda root: operations.relabel(root, [1], "z"),
    "rename-task": lambda root: operations.rename_task(root, "a", "z"),
    "trim": lambda root: operations.trim(root, 0, end_s=0.1),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_and_its_undo_open_each_file_of_metadata_once(tmp_path: Path, edit: str) -> None:
    root = record(tmp_path / "d", [A, B, C])
    for change in (EDITS[edit], operations.undo, operations.redo):
        with opens() as counted:
            change(root)
        assert counted == dict.fromkeys(META, 1)


def test_commits_open_what_they_change_once(tmp_path: Path) -> None:
    lab = small_lab(tmp_path / "d")
    record(lab.root, [A, B])
    with opens() as opened, lab.open() as writer:
        pass
    assert opened == dict.fromkeys(META[:-1], 1)
    with lab.open() as writer:
        staged = stage(lab, writer, C)
        with opens() as appended:
            writer.commit(staged)
        staged = stage(lab, writer, D)
        with opens() as replaced:
            writer.replace(0, staged)
    assert appended == dict.fromkeys(LINES, 1)
    assert replaced == dict.fromkeys(META, 1)
