"""Tasks from a file: what a line is, and what is said of one that is none."""

from pathlib import Path

import pytest

from lerecord.cli.record_options import counted
from lerecord.cli.task_file import queue_of
from lerecord.errors import ConfigError
from lerecord.recording.session import Order, Plan, TaskQueue
from tests.dataset.lists import A, B, record

SHEET = "# For Tuesday.\n\n 20  Grab the paper box\n5 2 cups, one on the other\n"


def written(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "tasks.txt"
    path.write_text(text, encoding)
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_line_is_a_count_and_a_task(tmp_path: Path, encoding: str) -> None:
    queue = queue_of(written(tmp_path, SHEET, encoding), Order.BALANCED)
    assert queue.wanted == {"Grab the paper box": 20, "2 cups, one on the other": 5}
    assert queue.order is Order.BALANCED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20 Grab\nPush\n", "line 2: 'Push' does not begin with the number"),
        ("20\n", "line 1: '20' does not begin"),
        ("-3 Push", "does not begin"),
        ("1.5 Push", "does not begin"),
        ("²0 Push", "does not begin"),
        ("0 Push", "1 to 100000 episodes, not 0"),
        ("3 Push\n\n2 Push\n", "line 3: 'Push' is there twice"),
        (f"3 {'x' * 501}", "line 1: A task has at most 500 characters"),
        ("# nothing\n", "A queue needs a task"),
        ("".join(f"1 task {number}\n" for number in range(101)), "1 to 100 tasks, not 101"),
        ("#" * (1 << 20) + "\n", "larger than a list of tasks"),
    ],
)
def test_a_file_that_is_no_list_of_tasks_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        queue_of(path, Order.IN_ORDER)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.txt cannot be read"):
        queue_of(tmp_path / "no.txt", Order.IN_ORDER)
    with pytest.raises(ConfigError, match="not UTF-8"):
        queue_of(written(tmp_path, "3 Büchse", "latin-1"), Order.IN_ORDER)


def test_what_the_dataset_holds_of_each_task_counts(tmp_path: Path) -> None:
    record(tmp_path / "set", [A, A, B])
    queue = queue_of(written(tmp_path, f"3 {A.task}\n1 {B.task}\n"), Order.IN_ORDER)
    found = counted(Plan((), queue=queue), tmp_path / "set").queue
    assert found is not None
    assert [each.done for each in found.tasks] == [2, 1]
    full = Plan((), queue=TaskQueue({A.task: 2}))
    with pytest.raises(ConfigError, match="every episode that the tasks ask for, 2 in all"):
        counted(full, tmp_path / "set")
    assert counted(full, tmp_path / "new").queue == full.queue
