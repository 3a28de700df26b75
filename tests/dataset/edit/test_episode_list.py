from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.edit import Draft, EpisodeList, stays
from lerecord.dataset.edit.episode_list import (
    FileChange,
    Gone,
    NewSidecar,
    NewTable,
    NewVideo,
    Rename,
    Slot,
    Stays,
    file_changes,
    lengths,
    names,
    places,
    task_indices,
)
from lerecord.dataset.format import EpisodeRecord, Place, Vectors, layout
from lerecord.errors import DatasetError

KEY = "observation.images.front"


def listed(*episodes: tuple[str, int], sidecars: Sequence[int] | None = None) -> EpisodeList:
    records = [EpisodeRecord(i, (task,), length) for i, (task, length) in enumerate(episodes)]
    has = range(len(episodes)) if sidecars is None else sidecars
    return EpisodeList(
        records, [{} for _ in records], {i: {} for i in has}, frozenset(has), places(episodes, 30)
    )


def draft(task: str, rows: int) -> Draft:
    values = np.zeros((rows, 2), dtype=np.float32)
    return Draft(task, Vectors(values, values), {}, {}, lambda path: None, {KEY: lambda path: None})


def changed(old: EpisodeList, slots: Sequence[Slot]) -> list[object]:
    return [*file_changes(old, slots, places(lengths(old, slots), 30), [KEY])]


OLD = listed(("a", 3), ("b", 4), ("a", 5))


def test_places_follow_from_tasks_and_lengths() -> None:
    assert OLD.places == [Place(0, 0, 0, 30), Place(1, 3, 1, 30), Place(2, 7, 0, 30)]
    assert task_indices(["b", "a", "b", "c"]) == {"b": 0, "a": 1, "c": 2}
    with pytest.raises(DatasetError, match="There is no episode 3; the dataset has 0 to 2"):
        OLD.check_index(3)


def test_the_list_as_it_is_changes_no_file() -> None:
    assert changed(OLD, stays(OLD)) == []


def test_a_take_of_equal_length_changes_its_own_files_only() -> None:
    slots = stays(OLD)
    slots[1] = draft("b", 4)
    assert changed(OLD, slots) == [NewTable(1), NewSidecar(1), NewVideo(1, KEY)]


def test_a_longer_take_moves_the_rows_behind_it_and_no_file() -> None:
    slots = stays(OLD)
    slots[1] = draft("b", 5)
    assert changed(OLD, slots) == [NewTable(1), NewSidecar(1), NewVideo(1, KEY), NewTable(2)]


def test_a_deleted_episode_pulls_those_behind_it_up() -> None:
    assert changed(OLD, [Stays(1, "b"), Stays(2, "a")]) == [
        NewTable(0),
        Rename(layout.capture_file(1), layout.capture_file(0)),
        Rename(layout.video_file(1, KEY), layout.video_file(0, KEY)),
        NewTable(1),
        Rename(layout.capture_file(2), layout.capture_file(1)),
        Rename(layout.video_file(2, KEY), layout.video_file(1, KEY)),
        *map(Gone, names(2, [KEY])),
    ]


def test_a_new_task_changes_sidecars_and_what_counts_tasks() -> None:
    relabelled = [Stays(0, "z"), Stays(1, "b"), Stays(2, "a")]
    assert changed(OLD, relabelled) == [NewSidecar(0), NewTable(2)]


def test_a_missing_sidecar_moves_as_a_missing_one() -> None:
    old = listed(("a", 3), ("a", 3), ("a", 3), sidecars=[0, 2])
    assert [
        each for each in changed(old, [Stays(1, "a"), Stays(2, "a")]) if "arrow" in str(each)
    ] == [
        Rename(layout.capture_file(2), layout.capture_file(1)),
        Gone(layout.capture_file(0)),
        Gone(layout.capture_file(2)),
    ]


Files = dict[str, tuple[str, int]]
"""Name to whether it is as it was or new, and of which episode it is."""


def carried_out(before: Files, changes: Sequence[FileChange]) -> Files:
    files = dict(before)
    for change in changes:
        match change:
            case NewTable(episode):
                files[layout.data_file(episode)] = ("table", episode)
            case NewSidecar(episode):
                files[layout.capture_file(episode)] = ("sidecar", episode)
            case NewVideo(episode, key):
                files[layout.video_file(episode, key)] = ("video", episode)
            case Rename(old, new):
                files[new] = before[old]
            case Gone(name):
                files.pop(name, None)
    return files


def files_due(old: EpisodeList, slots: Sequence[Slot], stand: Sequence[Place]) -> Files:
    due: Files = {}
    for index, slot in enumerate(slots):
        table, sidecar, video = names(index, [KEY])
        if isinstance(slot, Draft):
            due |= {table: ("table", index), sidecar: ("sidecar", index), video: ("video", index)}
            continue
        same = stand[index] == old.places[slot.old]
        due[table] = ("old", index) if same else ("table", index)
        due[video] = ("old", slot.old)
        if slot.old in old.sidecars:
            told = slot.task != old.task(slot.old)
            due[sidecar] = ("sidecar", index) if told else ("old", slot.old)
    return due


TASKS = st.sampled_from("abc")
LENGTHS = st.integers(2, 4)


@given(st.data())
def test_files_come_out_as_the_list_says(data: st.DataObject) -> None:
    """Carried out on a set of names, the changes give what each episode should have."""
    episodes = data.draw(st.lists(st.tuples(TASKS, LENGTHS), min_size=1, max_size=6))
    has = data.draw(st.sets(st.sampled_from(range(len(episodes)))))
    old = listed(*episodes, sidecars=sorted(has))
    order = data.draw(st.permutations(range(len(episodes))))
    slots: list[Slot] = []
    for index in order[: data.draw(st.integers(0, len(episodes)))]:
        if data.draw(st.booleans()):
            slots.append(draft(data.draw(TASKS), data.draw(LENGTHS)))
        slots.append(Stays(index, data.draw(TASKS)))
    stand = places(lengths(old, slots), 30)
    before: Files = {
        name: ("old", index)
        for index in range(len(episodes))
        for name in names(index, [KEY])
        if "arrow" not in name or index in has
    }
    after = carried_out(before, file_changes(old, slots, stand, [KEY]))
    assert after == files_due(old, slots, stand)
