"""A session with several tasks: which one each take is of, and when it is over."""

from collections.abc import Mapping

import pytest

from lerecord.recording.session import Command, Deed, Order, Phase, QueueEdit, TaskQueue
from tests.recording.session.test_session import Bench

BOTH = TaskQueue({"Grab": 2, "Push": 2})


def queued(
    commands: Mapping[int, Command | QueueEdit], queue: TaskQueue = BOTH, **plan: object
) -> Bench:
    """Takes of 0.3 s that start and are saved by themselves, 0.2 s apart."""
    times = {"episode_time_s": 0.3, "reset_time_s": 0.2}
    return Bench(commands, wanted=(), queue=queue, **{**times, **plan})


def begun(bench: Bench) -> list[str]:
    return [each.removeprefix("begin ") for each in bench.run() if each.startswith("begin")]


@pytest.mark.parametrize(
    ("order", "tasks"),
    [
        (Order.IN_ORDER, ["Grab", "Grab", "Push", "Push"]),
        (Order.BALANCED, ["Grab", "Push", "Grab", "Push"]),
    ],
)
def test_the_session_ends_when_every_task_has_its_episodes(order: Order, tasks: list[str]) -> None:
    bench = queued({}, TaskQueue({"Grab": 2, "Push": 2}, order))
    assert begun(bench) == tasks
    assert bench.session.phase is Phase.DONE
    assert bench.session.failure is None


def test_what_the_dataset_holds_is_not_recorded_again() -> None:
    assert begun(queued({}, TaskQueue({"Grab": 2, "Push": 1}, held={"Grab": 1}))) == [
        "Grab",
        "Push",
    ]


def test_a_session_may_be_shorter_than_its_queue() -> None:
    assert begun(queued({}, episodes=3)) == ["Grab", "Grab", "Push"]


def test_a_take_that_is_discarded_does_not_count_and_a_redo_keeps_its_task() -> None:
    queue = TaskQueue({"Grab": 1, "Push": 2})
    bench = queued({4: Command.REDO, 11: Command.REDO}, queue)
    assert begun(bench) == ["Grab", "Grab", "Grab for 0", "Push", "Push"]
    assert bench.session.saved == 3


def test_a_person_goes_to_another_task_and_back_between_takes() -> None:
    bench = queued({0: Command.NEXT_TASK, 4: Command.NEXT_TASK, 7: Command.TASK_BEFORE})
    assert begun(bench) == ["Push", "Grab", "Grab", "Push"]  # in a take the key says nothing
    assert bench.notices.sentences[:2] == ["The next take: Push", "The next take: Grab"]


def test_a_redo_keeps_its_task_whichever_is_asked_for() -> None:
    bench = queued({6: Command.REDO, 7: Command.NEXT_TASK}, TaskQueue({"Grab": 1, "Push": 1}))
    assert begun(bench) == ["Grab", "Grab for 0", "Push"]
    assert "keeps its task" in bench.notices.sentences[1]


def test_the_queue_changes_while_a_take_runs_and_the_take_does_not() -> None:
    bench = queued(
        {
            3: QueueEdit(Deed.RENAME, "Grab", "Lift"),
            4: QueueEdit(Deed.ADD, "Turn", number=1),
            8: QueueEdit(Deed.REMOVE, "Push"),
        }
    )
    assert begun(bench) == ["Grab", "Lift", "Lift", "Turn"]
    assert bench.notices.sentences == []


def test_a_change_that_is_refused_is_said_and_changes_nothing() -> None:
    bench = queued({0: QueueEdit(Deed.COUNT, "Turn", number=3)})
    assert begun(bench) == ["Grab", "Grab", "Push", "Push"]
    assert bench.notices.sentences == ["There is no task 'Turn' in the queue any more."]


def test_a_session_of_one_task_has_no_queue() -> None:
    bench = Bench({0: Command.NEXT_TASK, 1: QueueEdit(Deed.ADD, "x", number=1), 2: Command.STOP})
    assert bench.run() == []
    assert ["--tasks" in each for each in bench.notices.sentences] == [True, True]
