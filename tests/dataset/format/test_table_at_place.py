"""A table that is taken over to another place is the one that would be made anew, to the byte."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lerecord.dataset.format import Place, Vectors, episode_table, table_at_place
from lerecord.errors import DatasetError

OLD, NEW = Place(4, 100, 2, 30), Place(3, 71, 1, 30)
ROWS = 5
FLAGS = np.array([True, False, False, True, False])
ROLLOUT = {
    "policy_action": np.full((ROWS, 3), 0.5, dtype=np.float32),
    "has_policy_action": FLAGS,
    "intervention": ~FLAGS,
}
LABELS = {
    "next.reward": np.arange(ROWS, dtype=np.float32),
    "next.done": FLAGS,
    "next.success": FLAGS,
}
Change = Callable[[pa.Table], pa.Table]


def vectors(**extras: Any) -> Vectors:
    action = np.random.default_rng(7).random((ROWS, 3), dtype=np.float32)
    return Vectors(action, np.repeat(action[:, :1], 2, axis=1), extras)


def anew(source: Path) -> bytes:
    """The table made of nothing but what is read of it."""
    made = source.with_name("anew")
    episode_table.write_episode(made, episode_table.read_entire(source).at(NEW))
    return made.read_bytes()


def moved(source: Path) -> bytes:
    table_at_place.write_at(source, source.with_name("moved"), NEW)
    return source.with_name("moved").read_bytes()


@pytest.mark.parametrize("extras", [{}, ROLLOUT, LABELS, ROLLOUT | LABELS])
def test_a_table_of_lerecord_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extras: dict[str, Any]
) -> None:
    source = tmp_path / "source"
    episode_table.write_episode(source, vectors(**extras).at(OLD))
    due = anew(source)
    monkeypatch.setattr(episode_table, "entire", None)
    assert moved(source) == due


def replaced(name: str, column: Callable[[pa.Table], Any]) -> Change:
    return lambda table: table.set_column(table.column_names.index(name), name, column(table))


OTHERS: dict[str, Change] = {
    "in lists of no declared length": replaced(
        "action", lambda table: table["action"].cast(pa.list_(pa.float32()))
    ),
    "with other times": replaced("timestamp", lambda table: pa.array([9.0] * ROWS, pa.float32())),
    "that counts otherwise": replaced("frame_index", lambda table: table["index"]),
    "in another order": lambda table: table.select(table.column_names[::-1]),
    "without what it is described by": lambda table: table.replace_schema_metadata(None),
    "with a number that is missing": replaced(
        "action",
        lambda table: pa.array([[None, 1.0, 2.0]] * ROWS, table.schema.types[0]),
    ),
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_a_table_of_another_recorder_becomes_one_of_lerecord(
    tmp_path: Path, change: Change
) -> None:
    source = tmp_path / "source"
    episode_table.write_episode(source, vectors().at(OLD))
    pq.write_table(change(pq.read_table(source)), source)
    assert moved(source) == anew(source)


REFUSED: dict[str, tuple[Change, str]] = {
    "a column of its own": (
        lambda table: table.append_column("own", pa.array(range(ROWS))),
        "has a column own that lerecord would not keep",
    ),
    "some of the columns of labels": (
        lambda table: table.append_column("next.done", pa.array(FLAGS)),
        "has a column next.done that lerecord would not keep",
    ),
    "an index that is missing": (
        replaced("index", lambda table: pa.array([None, 1, 2, 3, 4], pa.int64())),
        "has a column index that lerecord would not keep",
    ),
    "several tasks": (
        replaced("task_index", lambda table: pa.array([2, 2, 2, 2, 1])),
        "has frames of several tasks",
    ),
    "a frame without its vector": (
        replaced(
            "action",
            lambda table: pa.array([None, *[[1.0] * 3] * (ROWS - 1)], table.schema.types[0]),
        ),
        "action: its frames have several lengths",
    ),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_lost_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    source = tmp_path / "source"
    episode_table.write_episode(source, vectors().at(OLD))
    pq.write_table(change(pq.read_table(source)), source)
    with pytest.raises(DatasetError, match=said):
        moved(source)


def test_a_table_in_several_pieces_becomes_one(tmp_path: Path) -> None:
    source = tmp_path / "source"
    episode_table.write_episode(source, vectors().at(OLD))
    due = anew(source)
    pq.write_table(pq.read_table(source), source, row_group_size=2)
    assert moved(source) == due
