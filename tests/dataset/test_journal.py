from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.journal import RowJournal, read_rows
from lerecord.dataset.records import RecordFile
from lerecord.dataset.take import Row
from lerecord.frame import BusFaults, Motion

FIELDS = (
    *(("index", "<u4"), ("due", "<f8"), ("started", "<f8"), ("bus_s", "<f8"), ("retries", "<u4")),
    *(("measured", "?"), ("missed", "?")),
    *((name, "<f4", (1,)) for name in ("state", "action", "requested")),
)
number = st.floats(width=32, allow_nan=False)
vector = st.lists(number, min_size=3, max_size=3).map(lambda v: np.array(v, dtype=np.float32))
rows = st.lists(
    st.builds(
        Row,
        index=st.just(0),
        due=st.floats(allow_nan=False),
        started=st.floats(allow_nan=False),
        state=vector,
        action=vector,
        requested=vector,
        measured=st.booleans(),
        bus_s=st.floats(allow_nan=False),
        retries=st.integers(0, 2**32 - 1),
        missed=st.booleans(),
        faults=st.builds(BusFaults, *[st.integers(0, 2**32 - 1)] * 5),
        motion=st.none() | st.builds(Motion, vector, vector),
    ),
    max_size=8,
)


def numbered(row: Row, index: int) -> Row:
    return Row(
        index,
        row.due,
        row.started,
        row.state,
        row.action,
        row.requested,
        row.measured,
        row.bus_s,
        row.retries,
        row.missed,
        row.faults,
        row.motion,
    )


@settings(max_examples=40, deadline=None)
@given(rows)
def test_rows_come_back_to_the_bit(given_rows: list[Row]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with RowJournal(path, 3) as journal:
            for index, row in enumerate(given_rows):
                journal.add(numbered(row, index))
            assert journal.rows == len(given_rows)
        columns = read_rows(path)
    assert len(columns) == len(given_rows)
    assert columns.state.shape == (len(given_rows), 3)
    unmeasured = Motion(*np.full((2, 3), np.nan))
    for name in columns.__slots__:
        due = [
            getattr(row.motion or unmeasured if name in Motion._fields else row, name)
            for row in given_rows
        ]
        np.testing.assert_array_equal(
            getattr(columns, name).tolist(), [np.asarray(d).tolist() for d in due]
        )


def a_row(index: int, joints: int = 3) -> Row:
    values = np.zeros(joints, dtype=np.float32)
    return Row(index, 10.0 + index, 10.5 + index, values, values, values)


def test_a_row_is_on_the_disk_before_the_journal_is_closed(tmp_path: Path) -> None:
    journal = RowJournal(tmp_path / "rows", 3)
    journal.add(a_row(0))
    journal.add(a_row(1))
    columns = read_rows(tmp_path / "rows")
    assert len(columns) == 2
    assert columns.lateness_s.tolist() == [0.5, 0.5]
    journal.sync()
    journal.close()
    journal.close()


def test_rows_must_come_in_order(tmp_path: Path) -> None:
    with RowJournal(tmp_path / "rows", 3) as journal:
        journal.add(a_row(0))
        with pytest.raises(ValueError, match="row 2 came where row 1 was due"):
            journal.add(a_row(2))
        with pytest.raises(ValueError, match="shape"):
            journal.add(a_row(1, joints=2))
    assert len(read_rows(tmp_path / "rows")) == 1


def test_rows_behind_a_gap_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with RowJournal(path, 3) as journal:
        for index in range(5):
            journal.add(a_row(index))
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    size = (len(data) - start) // 5
    path.write_bytes(data[: start + 2 * size] + data[start + 3 * size :])
    assert read_rows(path).due.tolist() == [10.0, 11.0]


def test_a_journal_that_counts_less_is_read_with_zeros_for_the_rest(tmp_path: Path) -> None:
    def of(*names: str) -> np.dtype[Any]:
        known = [(name, kind, *shape) for name, kind, *shape in FIELDS]
        return np.dtype([*known, ("faults", "<u4", (len(names),))])

    for names, counts in ((("corrupt", "timeouts"), (7, 9)), ((), ())):
        path = tmp_path / f"rows{len(names)}"
        header = {"format": "lerecord rows 1", "joints": 1, "faults": names}
        if not names:
            del header["faults"]  # as it was before anything was counted
        with RecordFile(path, of(*names), header) as file:
            file.append(0, 1.0, 1.0, 0.1, 2, True, False, [1], [2], [3], counts)
        columns = read_rows(path)
        assert columns.faults.tolist() == [[9, 7, 0, 0, 0] if names else [0] * 5]
        assert columns.requested.tolist() == [[3.0]]
        assert np.isnan([columns.velocity, columns.effort]).all()
