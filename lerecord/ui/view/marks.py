"""What a page's marks come to: edits of the dataset, each as `lerecord edit` makes it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from lerecord.dataset.edit import Edited, operations
from lerecord.dataset.format import MIN_ROWS, LabelChange, task_of
from lerecord.errors import DatasetError
from lerecord.ui.episodes import Book

_K = TypeVar("_K")
Number = Annotated[int, Field(ge=0, le=10**9)]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Mark(_Said):
    """What somebody wants of an episode; None leaves it as it is.

    Attributes:
        episode: its number.
        label: success, failure, or none for taking it away.
        note: an empty one takes it away.
        task: another sentence.
        start, end: the first and the last frame that stay.
        delete: nothing of it stays, whatever else is said.
    """

    episode: Number
    label: Literal["success", "failure", "none"] | None = None
    note: Annotated[str, Field(max_length=2000)] | None = None
    task: Annotated[str, Field(max_length=1000)] | None = None
    start: Number | None = None
    end: Number | None = None
    delete: bool = False


class Wish(_Said):
    """Marks, and the version of the dataset that they were made on."""

    version: str
    marks: Annotated[list[Mark], Field(min_length=1, max_length=5000)]


class Back(_Said):
    """Undo or redo, on this version of the dataset."""

    version: str


@dataclass(frozen=True, slots=True)
class Step:
    """One edit, which one undo takes back.

    Attributes:
        sentence: what it will do.
        apply: does it to the dataset in a folder.
    """

    sentence: str
    apply: Callable[[Path], Edited]


def require_open(book: Book) -> None:
    """Refuse to change what lerecord only reads; raises DatasetError."""
    if book.closed:
        raise DatasetError(book.closed)


def require_version(book: Book, version: str) -> None:
    """Refuse what was decided on another state; raises DatasetError."""
    if version != book.version:
        raise DatasetError(
            "The dataset has changed since the page was drawn, and episodes may have other "
            "numbers; look at the marks again, then apply them."
        )


def steps(book: Book, wish: Wish) -> list[Step]:
    """The edits in an order in which numbers stay right: what deletes comes last.

    Raises:
        DatasetError: the dataset cannot be changed or has changed meanwhile, there is no such
            episode or part, or a task is no sentence.
    """
    require_open(book)
    require_version(book, wish.version)
    for mark in wish.marks:
        book.record(mark.episode)
    if len({mark.episode for mark in wish.marks}) < len(wish.marks):
        raise DatasetError("An episode is marked twice; reload the page.")
    kept = [mark for mark in wish.marks if not mark.delete]
    gone = sorted(mark.episode for mark in wish.marks if mark.delete)
    found = [*_labels(book, kept), *_tasks(kept), *_trims(book, kept), *_deletion(book, gone)]
    if not found:
        raise DatasetError("The marks change nothing; mark an episode first.")
    return found


def _labels(book: Book, marks: Sequence[Mark]) -> Iterable[Step]:
    said = {mark.episode: change for mark in marks if (change := _change(book, mark)) is not None}
    for change, episodes in _grouped(said).items():
        words = change.words().replace("--", "")
        yield Step(
            f"Label {_named(episodes)}: {words}.",
            partial(operations.label, episodes=episodes, change=change),
        )


def _change(book: Book, mark: Mark) -> LabelChange | None:
    if mark.label == "none":
        note = book.overviews[mark.episode].note if mark.note is None else mark.note
        return LabelChange(note=note or None, clears=True)
    if mark.label is None and mark.note is None:
        return None
    success = None if mark.label is None else mark.label == "success"
    return LabelChange(success, mark.note)


def _tasks(marks: Sequence[Mark]) -> Iterable[Step]:
    said = {mark.episode: task_of(mark.task) for mark in marks if mark.task is not None}
    for task, episodes in _grouped(said).items():
        yield Step(
            f'Give {_named(episodes)} the task "{task}".',
            partial(operations.relabel, episodes=episodes, task=task),
        )


def _trims(book: Book, marks: Sequence[Mark]) -> Iterable[Step]:
    fps = book.stored.info.fps
    for mark in marks:
        if mark.start is None and mark.end is None:
            continue
        length = book.record(mark.episode).length
        first = mark.start or 0
        last = length - 1 if mark.end is None else mark.end
        if not first <= last < length or last + 1 - first < MIN_ROWS:
            raise DatasetError(
                f"Episode {mark.episode} of {length} frames has no part from frame {first} to "
                f"{last} of at least {MIN_ROWS} frames; set its ends anew."
            )
        yield Step(
            f"Trim episode {mark.episode} to its frames {first} to {last}: {first} frames before "
            f"and {length - 1 - last} behind go, and {last + 1 - first} of {length} stay.",
            partial(
                operations.trim, episode=mark.episode, start_s=first / fps, end_s=(last + 1) / fps
            ),
        )


def _deletion(book: Book, gone: Sequence[int]) -> Iterable[Step]:
    if not gone:
        return
    left = len(book.records) - len(gone)
    first_behind = next((each for each in range(gone[0], len(book.records)) if each not in gone), 0)
    moved = (
        f" Episodes behind are renumbered: {first_behind} becomes {gone[0]}."
        if first_behind
        else ""
    )
    yield Step(
        f"Delete {_named(gone)}; {left} of {len(book.records)} episodes stay.{moved}",
        partial(operations.delete, episodes=gone),
    )


def _grouped(said: dict[int, _K]) -> dict[_K, list[int]]:
    groups: dict[_K, list[int]] = {}
    for episode, change in sorted(said.items()):
        groups.setdefault(change, []).append(episode)
    return groups


def _named(episodes: Sequence[int]) -> str:
    word = "episode" if len(episodes) == 1 else "episodes"
    return f"{word} {', '.join(map(str, episodes))}"
