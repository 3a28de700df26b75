"""Of several tasks, which one is next: for any queue, any takes and any changes."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.errors import LerecordError
from lerecord.recording.session import Deed, Order, QueueEdit, QueueError, TaskQueue

GRAB, PUSH, POUR = "Grab the box", "Push the cup", "Pour the water"
NAMES = st.sampled_from([GRAB, PUSH, POUR, "Turn", "Lift"])
COUNTS = st.integers(1, 6)
QUEUES = st.builds(
    TaskQueue,
    st.dictionaries(NAMES, COUNTS, min_size=1),
    st.sampled_from(Order),
    st.dictionaries(NAMES, st.integers(0, 4)),
    st.none() | NAMES,
)
EDITS = st.builds(
    QueueEdit,
    st.sampled_from(Deed),
    NAMES,
    NAMES | st.sampled_from([*Order, "", " "]),
    st.integers(-7, 7),
)


def recorded(queue: TaskQueue) -> list[str]:
    """The tasks of the takes that follow, each of them saved."""
    tasks = []
    while queue.next is not None:
        tasks.append(queue.next)
        then, queue = queue.then, queue.with_episode(queue.next)
        assert queue.next == then
    return tasks


def test_in_order_each_task_has_its_episodes_before_the_next() -> None:
    assert recorded(TaskQueue({GRAB: 2, PUSH: 3})) == [GRAB, GRAB, PUSH, PUSH, PUSH]


def test_balanced_each_task_gets_its_share_of_every_stretch() -> None:
    queue = TaskQueue({GRAB: 2, PUSH: 4}, Order.BALANCED)
    assert recorded(queue) == [GRAB, PUSH, PUSH, GRAB, PUSH, PUSH]


def test_what_the_dataset_holds_counts() -> None:
    queue = TaskQueue({GRAB: 2, PUSH: 2}, Order.BALANCED, {GRAB: 1, PUSH: 5, POUR: 9})
    assert recorded(queue) == [GRAB]
    assert recorded(replace(queue, held={GRAB: 2, PUSH: 2})) == []


@given(QUEUES)
def test_every_task_gets_what_it_misses_and_no_more(queue: TaskQueue) -> None:
    tasks = recorded(queue)
    for each in queue.tasks:
        assert tasks.count(each.task) == max(0, each.wanted - each.done)


@given(st.dictionaries(NAMES, COUNTS, min_size=1), st.data())
def test_balanced_no_task_is_ahead_by_more_than_an_episode(
    wanted: dict[str, int], data: st.DataObject
) -> None:
    taken = recorded(TaskQueue(wanted, Order.BALANCED))
    some = taken[: data.draw(st.integers(0, len(taken)))]
    shares = {task: some.count(task) / count for task, count in wanted.items()}
    for task, count in wanted.items():
        assert shares[task] <= min(shares.values()) + 1 / count + 1e-9


def chosen_then(queue: TaskQueue, takes: int) -> Sequence[str]:
    return recorded(queue.edited(QueueEdit(Deed.CHOOSE, PUSH)))[:takes]


def test_a_task_that_is_chosen_stays_in_order_and_is_one_take_balanced() -> None:
    queue = TaskQueue({GRAB: 2, PUSH: 2})
    assert chosen_then(queue, 4) == [PUSH, PUSH, GRAB, GRAB]
    balanced = replace(queue, order=Order.BALANCED, held={PUSH: 1}, wanted={GRAB: 4, PUSH: 4})
    assert chosen_then(balanced, 3) == [PUSH, GRAB, GRAB]


@given(QUEUES, st.integers(1, 4))
def test_a_step_on_and_a_step_back_lead_to_where_one_was(queue: TaskQueue, places: int) -> None:
    missing = [each.task for each in queue.tasks if each.is_open]
    if len(missing) < 2:
        with pytest.raises(QueueError, match="No other task"):
            queue.stepped(places)
        return
    on = queue.stepped(places)
    assert on.next in missing
    assert (on.next == queue.next) == (places % len(missing) == 0)
    assert on.stepped(-places).next == queue.next


@given(QUEUES, st.lists(EDITS, max_size=8))
def test_whatever_is_edited_what_is_held_stays_and_something_is_next(
    queue: TaskQueue, edits: list[QueueEdit]
) -> None:
    for edit in edits:
        try:
            changed = queue.edited(edit)
        except LerecordError:
            continue
        assert changed.next is not None
        assert changed.held == queue.held
        lost = set(queue.wanted) - set(changed.wanted)
        assert lost <= {edit.task}
        assert edit.deed in (Deed.REMOVE, Deed.RENAME) or not lost
        queue = changed


ABC = TaskQueue({GRAB: 2, PUSH: 3, POUR: 1}, held={GRAB: 2})


@pytest.mark.parametrize(
    ("edit", "wanted"),
    [
        (QueueEdit(Deed.ADD, "  Turn\n it ", number=4), {**ABC.wanted, "Turn it": 4}),
        (QueueEdit(Deed.COUNT, PUSH, number=9), {GRAB: 2, PUSH: 9, POUR: 1}),
        (QueueEdit(Deed.RENAME, PUSH, "Pull"), {GRAB: 2, "Pull": 3, POUR: 1}),
        (QueueEdit(Deed.MOVE, POUR, number=-1), {GRAB: 2, POUR: 1, PUSH: 3}),
        (QueueEdit(Deed.MOVE, GRAB, number=99), {PUSH: 3, POUR: 1, GRAB: 2}),
        (QueueEdit(Deed.REMOVE, PUSH), {GRAB: 2, POUR: 1}),
        (QueueEdit(Deed.ORDER, text="balanced"), ABC.wanted),
        (QueueEdit(Deed.CHOOSE, POUR), ABC.wanted),
    ],
)
def test_what_an_edit_makes_of_a_queue(edit: QueueEdit, wanted: dict[str, int]) -> None:
    assert [*ABC.edited(edit).wanted.items()] == [*wanted.items()]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (QueueEdit(Deed.ADD, " ", number=1), "is empty"),
        (QueueEdit(Deed.ADD, PUSH, number=1), "in the queue already"),
        (QueueEdit(Deed.ADD, "x" * 501, number=1), "at most 500 characters"),
        (QueueEdit(Deed.ADD, "Turn", number=0), "1 to 100000 episodes"),
        (QueueEdit(Deed.COUNT, "Turn", number=2), "no task 'Turn'"),
        (QueueEdit(Deed.COUNT, PUSH, number=100_001), "1 to 100000 episodes"),
        (QueueEdit(Deed.RENAME, PUSH, POUR), "in the queue already"),
        (QueueEdit(Deed.ORDER, text="random"), "in-order or balanced"),
        (QueueEdit(Deed.CHOOSE, GRAB), "has its episodes"),
    ],
)
def test_an_edit_that_makes_no_queue_is_refused(edit: QueueEdit, why: str) -> None:
    with pytest.raises(LerecordError, match=why):
        ABC.edited(edit)


def test_an_edit_never_ends_the_session() -> None:
    queue = TaskQueue({GRAB: 1, PUSH: 2}, held={GRAB: 1, PUSH: 1})
    for edit in (QueueEdit(Deed.REMOVE, PUSH), QueueEdit(Deed.COUNT, PUSH, number=1)):
        with pytest.raises(QueueError, match="Nothing would be left"):
            queue.edited(edit)


def test_a_queue_has_a_task_and_not_too_many() -> None:
    for tasks in ({}, dict.fromkeys(map(str, range(101)), 1)):
        with pytest.raises(QueueError, match="task"):
            TaskQueue(tasks)
