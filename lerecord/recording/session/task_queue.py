"""Which task is recorded next where several are wanted: a value, and what may be done to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from lerecord.dataset.format import task_of
from lerecord.errors import LerecordError

MOST_TASKS = 100
MOST_EPISODES = 100_000
LONGEST_TASK = 500


class QueueError(LerecordError):
    """A queue cannot be made or changed as asked."""


class Order(StrEnum):
    """Which of the tasks that still want episodes comes next."""

    IN_ORDER = "in-order"  # the first of them
    BALANCED = "balanced"  # the one that has the smallest share of its episodes


@dataclass(frozen=True, slots=True)
class TaskCount:
    """A task, how many episodes of it are wanted, and how many there are."""

    task: str
    wanted: int
    done: int = 0

    @property
    def is_open(self) -> bool:
        """Episodes of it are missing."""
        return self.done < self.wanted


class Deed(StrEnum):
    """What may be done to a queue; see `TaskQueue.edited`."""

    ADD = "add"
    COUNT = "count"
    RENAME = "rename"
    MOVE = "move"
    REMOVE = "remove"
    ORDER = "order"
    CHOOSE = "choose"


@dataclass(frozen=True, slots=True)
class QueueEdit:
    """One change of a queue.

    Attributes:
        deed: what is done.
        task: to which one; the new one for ADD, and nothing for ORDER.
        text: the task's new sentence for RENAME, one of `Order` for ORDER.
        number: episodes wanted for ADD and COUNT; places towards the end for MOVE.
    """

    deed: Deed
    task: str = ""
    text: str = ""
    number: int = 0


@dataclass(frozen=True)  # what follows from its fields is reckoned once: the loop asks every tick
class TaskQueue:
    """Tasks in their order, each with the number of episodes that are wanted of it.

    Attributes:
        wanted: task to episodes.
        order: what decides which is next.
        held: task to the episodes of it that the dataset has; other tasks may be among them.
        chosen: the task that somebody wants next; counts as long as episodes of it are missing.

    Raises:
        QueueError: a task is empty or too long, a count is none, or there are no or too many tasks.
    """

    wanted: Mapping[str, int]
    order: Order = Order.IN_ORDER
    held: Mapping[str, int] = field(default_factory=dict)
    chosen: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.wanted) <= MOST_TASKS:
            raise QueueError(
                f"A queue has 1 to {MOST_TASKS} tasks, not {len(self.wanted)}; split it."
                if self.wanted
                else "A queue needs a task; add one."
            )
        for task, count in self.wanted.items():
            if not 1 <= count <= MOST_EPISODES:
                raise QueueError(f"{task!r}: ask for 1 to {MOST_EPISODES} episodes, not {count}.")

    @cached_property
    def tasks(self) -> tuple[TaskCount, ...]:
        """Each with what there is of it."""
        return tuple(
            TaskCount(task, count, self.held.get(task, 0)) for task, count in self.wanted.items()
        )

    @cached_property
    def next(self) -> str | None:
        """The task of the next take; None when every task has its episodes."""
        missing = self._open()
        if not missing:
            return None
        if any(each.task == self.chosen for each in missing):
            return self.chosen
        if self.order is Order.BALANCED:
            return min(missing, key=lambda each: each.done / each.wanted).task
        return missing[0].task

    @cached_property
    def then(self) -> str | None:
        """The task of the take after the next one, if that is saved; None when that is the last."""
        return None if self.next is None else self.with_episode(self.next).next

    def with_episode(self, task: str) -> Self:
        """One more episode of that task is there.

        In order, what was chosen stays until it has its episodes; balanced, it is one take's.
        """
        held = {**self.held, task: self.held.get(task, 0) + 1}
        chosen = self.chosen if self.order is Order.IN_ORDER else None
        return replace(self, held=held, chosen=chosen)

    def stepped(self, places: int) -> Self:
        """The next take is of the task so many places on, of those that miss episodes.

        Raises:
            QueueError: there is no other.
        """
        missing = [each.task for each in self._open()]
        if len(missing) < 2 or self.next is None:
            raise QueueError("No other task wants episodes.")
        place = missing.index(self.next) + places
        return replace(self, chosen=missing[place % len(missing)])

    def edited(self, edit: QueueEdit) -> Self:
        """The queue after a change.

        Raises:
            QueueError: it names a task that is not there, asks for what a queue cannot be, or
                leaves nothing to record.
        """
        if edit.deed not in (Deed.ADD, Deed.ORDER) and edit.task not in self.wanted:
            raise QueueError(f"There is no task {edit.task!r} in the queue any more.")
        changed = replace(self, **_DEEDS[edit.deed](self, edit))
        if changed.next is None:
            raise QueueError("Nothing would be left to record; press q to end the session.")
        return changed

    def _open(self) -> list[TaskCount]:
        return [each for each in self.tasks if each.is_open]


def sentence_of(text: str) -> str:
    """A task's sentence, on one line.

    Raises:
        DatasetError: it is empty, or no text.
        QueueError: it is too long.
    """
    task = task_of(" ".join(text.split()))
    if len(task) > LONGEST_TASK:
        raise QueueError(f"A task has at most {LONGEST_TASK} characters, not {len(task)}.")
    return task


def _added(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    task = sentence_of(edit.task)
    if task in queue.wanted:
        raise QueueError(f"{task!r} is in the queue already; change its count.")
    return {"wanted": {**queue.wanted, task: edit.number}}


def _recounted(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    return {"wanted": {**queue.wanted, edit.task: edit.number}}


def _renamed(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    text = sentence_of(edit.text)
    if text != edit.task and text in queue.wanted:
        raise QueueError(f"{text!r} is in the queue already.")
    wanted = {text if task == edit.task else task: count for task, count in queue.wanted.items()}
    return {"wanted": wanted, "chosen": text if queue.chosen == edit.task else queue.chosen}


def _moved(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    tasks = [*queue.wanted]
    place = tasks.index(edit.task) + edit.number
    tasks.remove(edit.task)
    tasks.insert(min(max(place, 0), len(tasks)), edit.task)
    return {"wanted": {task: queue.wanted[task] for task in tasks}}


def _removed(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    return {"wanted": {task: queue.wanted[task] for task in queue.wanted if task != edit.task}}


def _ordered(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    try:
        return {"order": Order(edit.text), "chosen": None}
    except ValueError:
        raise QueueError(f"There is no order {edit.text!r}; take {' or '.join(Order)}.") from None


def _chosen(queue: TaskQueue, edit: QueueEdit) -> dict[str, Any]:
    if queue.held.get(edit.task, 0) >= queue.wanted[edit.task]:
        raise QueueError(f"{edit.task!r} has its episodes; raise its count first.")
    return {"chosen": edit.task}


_DEEDS: dict[Deed, Callable[[TaskQueue, QueueEdit], dict[str, Any]]] = {
    Deed.ADD: _added,
    Deed.COUNT: _recounted,
    Deed.RENAME: _renamed,
    Deed.MOVE: _moved,
    Deed.REMOVE: _removed,
    Deed.ORDER: _ordered,
    Deed.CHOOSE: _chosen,
}
