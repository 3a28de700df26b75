import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import COLUMNS
from lerecord.dataset.staging import Take, TakeFrame
from lerecord.dataset.staging.take import MAX_TAKE_S
from lerecord.errors import DatasetError
from lerecord.frame import BusFaults, Frame, Motion


class Rows:
    def __init__(self) -> None:
        self.rows: list[TakeFrame] = []

    def add(self, frame: TakeFrame) -> None:
        self.rows.append(frame)


class Marks:
    def __init__(self) -> None:
        self.marks: list[tuple[int, float]] = []

    def mark(self, index: int, due: float, time: float) -> None:
        self.marks.append((index, time))


def frame(slot: int) -> Frame:
    value = np.full(2, slot, dtype=np.float32)
    faults = BusFaults(timeouts=2, corrupt=1)
    return Frame(slot, float(slot), slot + 0.25, value, value + 1, value + 2, True, 0.5, 3, faults)


def recorded(missed: Sequence[int], fps: int = 30) -> tuple[Take, Rows, Marks]:
    rows, marks = Rows(), Marks()
    take = Take(rows, {"front": marks}, fps)
    slot = 0
    for before in missed:
        slot += before
        take.add(frame(slot), before)
        slot += 1
    return take, rows, marks


def test_a_missed_slot_repeats_the_row_and_the_picture_before_it() -> None:
    take, rows, marks = recorded([0, 2, 0])
    assert [row.index for row in rows.rows] == [0, 1, 2, 3, 4]
    assert [row["missed"] for row in rows.rows] == [False, True, True, False, False]
    assert [row["state"][0] for row in rows.rows] == [0, 0, 0, 3, 4]
    assert marks.marks == [(0, 0.25), (1, 0.25), (2, 0.25), (3, 3.25), (4, 4.25)]
    assert (take.length, take.missed) == (5, 2)


def test_a_repeated_row_claims_no_work_on_the_bus() -> None:
    _, rows, _ = recorded([0, 1])
    assert [(row["bus_s"], row["retries"]) for row in rows.rows] == [(0.5, 3), (0.0, 0), (0.5, 3)]
    assert [row["bus.timeouts"] for row in rows.rows] == [2, 0, 2]
    assert [row["bus.corrupt"] for row in rows.rows] == [1, 0, 1]


def test_slots_missed_before_the_first_row_do_not_count() -> None:
    take, rows, marks = recorded([7, 0])
    assert (take.length, take.missed) == (2, 0)
    assert [row["missed"] for row in rows.rows] == [False, False]
    assert marks.marks[0] == (0, 7.25)


@settings(deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_rows_are_frames_and_missed_slots_and_every_row_is_marked(missed: list[int]) -> None:
    take, rows, marks = recorded(missed)
    assert take.length == len(rows.rows) == len(missed) + sum(missed[1:])
    assert [row.index for row in rows.rows] == list(range(take.length))
    assert [(row.index, row["started"]) for row in rows.rows] == marks.marks
    assert take.missed == sum(row["missed"] for row in rows.rows)


def test_a_take_is_full_at_its_longest_length() -> None:
    take, _, _ = recorded([0] * (MAX_TAKE_S - 1), fps=1)
    assert (take.full, take.remaining, take.seconds) == (False, 1, MAX_TAKE_S - 1)
    take.add(frame(MAX_TAKE_S))
    assert (take.full, take.remaining) == (True, 0)
    with pytest.raises(DatasetError, match="1000 s, the longest LeRobot can read"):
        take.add(frame(MAX_TAKE_S + 1))


def test_missed_slots_do_not_make_a_take_too_long() -> None:
    take, rows, marks = recorded([0] * (MAX_TAKE_S - 2), fps=1)
    take.add(frame(MAX_TAKE_S + 50), missed=5)
    assert take.length == len(rows.rows) == len(marks.marks) == MAX_TAKE_S
    assert rows.rows[-1]["missed"]


@settings(deadline=None)
@given(
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=7),
    st.floats(-1e9, 1e9),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_a_frame_survives_json(values: list[float], due: float, flag: bool, retries: int) -> None:
    vector = np.array(values, dtype=np.float32)
    faults = BusFaults(retries, 1, 2, 3, 4)
    motion = Motion(-vector, vector) if flag else None
    made = Frame(5, due, due, vector, -vector, vector, flag, 0.1, retries, faults, motion)
    kept = TakeFrame.of(5, made)
    again = TakeFrame.from_json(json.loads(json.dumps(kept.to_json())))
    assert again.index == 5
    for column in COLUMNS:
        assert np.array_equal(again[column.name], kept[column.name]), column.name
        if column.per_joint and again[column.name] is not None:
            assert again[column.name].dtype == np.float32
