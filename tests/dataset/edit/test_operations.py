"""Whichever way a list of episodes came about, the dataset is the one recorded from scratch."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from lerecord.dataset.edit import Edited, Watch, operations
from lerecord.dataset.format import layout
from lerecord.dataset.storage import DatasetLock
from lerecord.dataset.verify import check
from lerecord.dataset.write import DatasetWriter
from lerecord.errors import DatasetError
from lerecord.progress import Advance
from tests.dataset.lists import A, B, C, D, Scripted, record, small_lab, stage, tree


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return record(tmp_path_factory.mktemp("edit") / "set", [A, B, C, D])


@pytest.fixture
def root(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "set")
    return tmp_path / "set"


def scratch(root: Path, takes: Sequence[Scripted]) -> dict[str, str]:
    return tree(record(root.with_name("scratch"), takes))


def put(root: Path, episode: int, take: Scripted) -> None:
    lab = small_lab(root)
    with lab.open() as writer:
        summary = writer.replace(episode, stage(lab, writer, take))
        assert (summary.index, summary.length, summary.task) == (episode, take.rows, take.task)
        assert writer.left_takes == []


@pytest.mark.parametrize("episode", [0, 1, 2, 3])
@pytest.mark.parametrize("more_rows", [-2, 0, 3])
@pytest.mark.parametrize("task", ["a", "b", "new"])
def test_a_take_in_the_place_of_an_episode_is_the_list_from_scratch(
    root: Path, episode: int, more_rows: int, task: str
) -> None:
    takes = [A, B, C, D]
    takes[episode] = Scripted(task, takes[episode].rows + more_rows, 9)
    put(root, episode, takes[episode])
    assert tree(root) == scratch(root, takes)
    assert check(root).findings == []


def test_several_are_done_again_in_turn_and_the_next_is_appended(root: Path) -> None:
    lab = small_lab(root)
    again = [replace(each, rows=3, seed=10 + index) for index, each in enumerate((A, C, D))]
    with lab.open() as writer:
        for index, take in zip((0, 2, 3), again, strict=True):
            writer.replace(index, stage(lab, writer, take))
        assert writer.commit(stage(lab, writer, B)).index == 4
    assert tree(root) == scratch(root, [again[0], B, again[1], again[2], B])


def test_only_what_changes_is_written(root: Path) -> None:
    def looked() -> dict[str, tuple[int, int]]:
        return {
            str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns)
            for path in root.rglob("*")
            if path.is_file() and layout.PRIVATE not in path.parts
        }

    before = looked()
    put(root, 1, replace(B, seed=7))
    after = looked()
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        layout.data_file(1),
        layout.capture_file(1),
        layout.video_file(1, "observation.images.front"),
        layout.video_file(1, "observation.images.wrist"),
        layout.EPISODES_STATS,
        layout.STATS,
        layout.HEALTH,
    } - ({layout.HEALTH} if before[layout.HEALTH] == after[layout.HEALTH] else set())


@pytest.mark.parametrize("episodes", [[0], [1], [3], [0, 1], [0, 2, 3], [2, 1, 2]])
def test_deleted_episodes_were_never_recorded(root: Path, episodes: list[int]) -> None:
    operations.delete(root, episodes)
    left = [take for index, take in enumerate([A, B, C, D]) if index not in episodes]
    assert tree(root) == scratch(root, left)
    assert check(root).findings == []


@pytest.mark.parametrize(
    ("episodes", "task"), [([0], "c"), ([1], "a"), ([0, 2], "new"), ([0, 1, 2, 3], "all")]
)
def test_relabelled_episodes_had_the_task_from_the_beginning(
    root: Path, episodes: list[int], task: str
) -> None:
    operations.relabel(root, episodes, task)
    takes = [
        replace(take, task=task) if index in episodes else take
        for index, take in enumerate([A, B, C, D])
    ]
    assert tree(root) == scratch(root, takes)


@pytest.mark.parametrize(("old", "new"), [("a", "z"), ("a", "c"), ("c", "b"), ("b", "a")])
def test_a_renamed_task_was_never_another(root: Path, old: str, new: str) -> None:
    operations.rename_task(root, old, new)
    takes = [replace(take, task=new if take.task == old else take.task) for take in [A, B, C, D]]
    assert tree(root) == scratch(root, takes)


OPERATIONS: list[tuple[str, Callable[[Path], object]]] = [
    ("rerecord", lambda root: put(root, 1, Scripted("new", 9, 8))),
    ("trim", lambda root: operations.trim(root, 3, 0.034, 0.2)),
    ("relabel", lambda root: operations.relabel(root, [0], "new")),
    ("rename", lambda root: operations.rename_task(root, "a", "c")),
    ("delete", lambda root: operations.delete(root, [0, 2])),
]


@pytest.mark.parametrize("operation", [each[1] for each in OPERATIONS], ids=lambda _: "")
def test_undo_and_redo_are_exact_inverses(root: Path, operation: Callable[[Path], Edited]) -> None:
    before = tree(root)
    operation(root)
    after = tree(root)
    assert after != before
    for _ in range(2):
        operations.undo(root)
        assert tree(root) == before
        operations.redo(root)
        assert tree(root) == after
    assert check(root).findings == []


def test_undo_goes_back_operation_by_operation_and_redo_forth(root: Path) -> None:
    states = [tree(root)]
    for _, operation in OPERATIONS:
        operation(root)
        states.append(tree(root))
    for state in reversed(states[:-1]):
        operations.undo(root)
        assert tree(root) == state
    with pytest.raises(DatasetError, match="There is nothing to undo"):
        operations.undo(root)
    for state in states[1:]:
        operations.redo(root)
        assert tree(root) == state
    with pytest.raises(DatasetError, match="There is nothing to redo"):
        operations.redo(root)


def test_what_was_recorded_since_stays_behind_an_undone_operation(root: Path) -> None:
    operations.delete(root, [0])
    lab = small_lab(root)
    with lab.open() as writer:
        writer.commit(stage(lab, writer, Scripted("later", 3, 5)))
    operations.undo(root)
    assert tree(root) == scratch(root, [A, B, C, D, Scripted("later", 3, 5)])


def test_an_undo_of_what_was_changed_otherwise_is_refused(root: Path) -> None:
    operations.relabel(root, [1], "x")
    operations.undo(root)
    operations.relabel(root, [1], "y")
    with pytest.raises(DatasetError, match=r"undo relabel 1 .*` cannot be undone"):
        operations.redo(root)


REFUSALS: list[tuple[Callable[[Path], object], str]] = [
    (lambda root: operations.delete(root, [1, 4]), r"no episode 4; the dataset has 0 to 3"),
    (lambda root: operations.delete(root, [-1]), r"no episode -1"),
    (lambda root: operations.delete(root, []), r"No episode given"),
    (lambda root: operations.delete(root, range(4)), r"would delete every episode"),
    (lambda root: operations.relabel(root, [7], "x"), r"no episode 7"),
    (lambda root: operations.relabel(root, [1], " "), r"The task is empty"),
    (
        lambda root: operations.relabel(root, [0, 2], "a"),
        r"The task of episode 0 2 is \"a\" already",
    ),
    (lambda root: operations.rename_task(root, "q", "r"), r"No episode of .* has the task \"q\""),
    (lambda root: operations.rename_task(root, "a", "a"), r"is \"a\" already"),
    (lambda root: operations.trim(root, 9, 0.1), r"no episode 9"),
    (lambda root: operations.trim(root, 0, 0.1, 9.0), r"goes from 0 to 0\.2 s and has no part"),
    (lambda root: operations.trim(root, 0, 0.1, 0.05), r"has no part from 0\.1 to 0\.05 s"),
    (lambda root: operations.trim(root, 0, -1.0), r"has no part from -1"),
    (
        lambda root: operations.trim(root, 0, 0.1, 0.12),
        r"has 1 frame; an episode needs at least 2",
    ),
    (lambda root: operations.trim(root, 0, float("nan")), r"has no part"),
    (lambda root: operations.trim(root, 0), r"would cut nothing from episode 0 of 0\.2 s"),
    (operations.undo, r"nothing to undo"),
    (operations.redo, r"nothing to redo"),
    (lambda root: put(root, 4, A), r"no episode 4"),
]


@pytest.mark.parametrize(("operation", "sentence"), REFUSALS)
def test_what_cannot_be_is_refused_and_nothing_is_touched(
    root: Path, operation: Callable[[Path], object], sentence: str
) -> None:
    before = tree(root)
    with pytest.raises(DatasetError, match=sentence):
        operation(root)
    assert tree(root) == before
    assert not (root / layout.TRASH).exists()
    assert not list((root / layout.TRANSACTIONS).glob("*"))


def test_a_dataset_that_is_recorded_is_not_edited(root: Path) -> None:
    operations.relabel(root, [3], "b")
    with DatasetLock(root):
        for _, operation in OPERATIONS[1:]:
            with pytest.raises(DatasetError, match="Another lerecord"):
                operation(root)
        with pytest.raises(DatasetError, match="Another lerecord"):
            operations.empty_trash(root)


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="is not a dataset"):
        operations.delete(tmp_path, [0])
    assert list(tmp_path.iterdir()) == []


def test_an_episode_of_several_tasks_is_refused(root: Path) -> None:
    path = root / layout.EPISODES
    path.write_text(path.read_text().replace('["b"]', '["b", "a"]'))
    with pytest.raises(DatasetError, match=r"Episode 1 of .* has the tasks \['b', 'a'\]"):
        operations.delete(root, [0])


def test_progress_rises_to_the_whole(root: Path) -> None:
    told: list[Advance] = []
    operations.delete(root, [0], Watch(told.append))
    assert [each.done for each in told] == sorted(each.done for each in told)
    assert {each.total for each in told} == {told[-1].done}
    assert len(told) > 20


def test_the_task_of_an_episode_is_told(root: Path) -> None:
    with DatasetWriter.open(root) as writer:
        assert [writer.task_of(index) for index in range(4)] == ["a", "b", "a", "c"]
        with pytest.raises(DatasetError, match="There is no episode 4"):
            writer.task_of(4)
