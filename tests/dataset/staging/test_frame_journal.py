from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import COLUMNS, FrameColumns
from lerecord.dataset.staging import TakeFrame
from lerecord.dataset.staging.frame_journal import FrameJournal, read_frames
from lerecord.dataset.storage import RecordFile
from lerecord.errors import DatasetError
from lerecord.frame import BusFaults, Frame, Motion

FIELDS = (
    *(("index", "<u4"), ("due", "<f8"), ("started", "<f8"), ("bus_s", "<f8"), ("retries", "<u4")),
    *(("measured", "?"), ("missed", "?")),
    *((name, "<f4", (1,)) for name in ("state", "action", "requested")),
)
number = st.floats(width=32, allow_nan=False)
vector = st.lists(number, min_size=3, max_size=3).map(lambda v: np.array(v, dtype=np.float32))
frames = st.lists(
    st.builds(
        Frame,
        tick=st.just(0),
        due=st.floats(-1e9, 1e9),
        started=st.floats(-1e9, 1e9),
        state=vector,
        action=vector,
        requested=vector,
        measured=st.booleans(),
        bus_s=st.floats(allow_nan=False),
        retries=st.integers(0, 2**32 - 1),
        faults=st.builds(BusFaults, *[st.integers(0, 2**32 - 1)] * 5),
        motion=st.none() | st.builds(Motion, vector, vector),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(frames)
def test_frames_come_back_to_the_bit(given_frames: list[Frame]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows"
        with FrameJournal(path, 3) as journal:
            for index, frame in enumerate(given_frames):
                journal.add(TakeFrame.of(index, frame))
            assert journal.frames == len(given_frames)
        columns = read_frames(path)
    due = FrameColumns.of(given_frames, joints=3)
    assert len(columns) == len(given_frames)
    assert list(columns.values) == [column.name for column in COLUMNS]
    for name, values in columns.values.items():
        assert values.dtype == due.values[name].dtype
        np.testing.assert_array_equal(values, due.values[name])


def a_row(index: int, joints: int = 3) -> TakeFrame:
    values = np.zeros(joints, dtype=np.float32)
    return TakeFrame.of(index, Frame(0, 10.0 + index, 10.5 + index, values, values, values))


def test_a_row_is_on_the_disk_before_the_journal_is_closed(tmp_path: Path) -> None:
    journal = FrameJournal(tmp_path / "rows", 3)
    journal.add(a_row(0))
    journal.add(a_row(1))
    columns = read_frames(tmp_path / "rows")
    assert len(columns) == 2
    assert columns.lateness_s.tolist() == [0.5, 0.5]
    journal.sync()
    journal.close()
    journal.close()


def test_rows_must_come_in_order(tmp_path: Path) -> None:
    with FrameJournal(tmp_path / "rows", 3) as journal:
        journal.add(a_row(0))
        with pytest.raises(ValueError, match="frame 2 came where frame 1 was due"):
            journal.add(a_row(2))
        with pytest.raises(ValueError, match="shape"):
            journal.add(a_row(1, joints=2))
    assert len(read_frames(tmp_path / "rows")) == 1


def test_rows_behind_a_gap_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    with FrameJournal(path, 3) as journal:
        for index in range(5):
            journal.add(a_row(index))
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    size = (len(data) - start) // 5
    path.write_bytes(data[: start + 2 * size] + data[start + 3 * size :])
    assert read_frames(path).due.tolist() == [10.0, 11.0]


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
        columns = read_frames(path)
        counted = [int(each[0]) for each in columns.faults.values()]
        assert counted == ([9, 7, 0, 0, 0] if names else [0] * 5)
        assert columns.lateness_s.tolist() == [0.0]
        assert columns.requested.tolist() == [[3.0]]
        assert np.isnan([columns.velocity, columns.effort]).all()


@pytest.mark.parametrize(
    "header", [{"format": "lerecord frames 9"}, {"joints": None}, {"columns": [["due"]]}, {}]
)
def test_a_journal_of_another_form_is_refused(tmp_path: Path, header: dict[str, Any]) -> None:
    path = tmp_path / "rows"
    known = {"format": "lerecord frames 2", "joints": 1, "columns": [["due", "<f8", False]]}
    with RecordFile(path, np.dtype([("index", "<u4")]), known | header if header else {}):
        pass
    with pytest.raises(DatasetError, match="is of a form that this lerecord does not know"):
        read_frames(path)


def test_a_column_that_an_older_journal_lacks_is_absent(tmp_path: Path) -> None:
    fields = [["due", "<f8", False], ["state", "<f4", True]]
    header = {"format": "lerecord frames 2", "joints": 2, "columns": fields}
    dtype = np.dtype([("index", "<u4"), ("due", "<f8"), ("state", "<f4", (2,))])
    with RecordFile(tmp_path / "rows", dtype, header) as file:
        file.append(0, 4.0, [1, 2])
    columns = read_frames(tmp_path / "rows")
    assert (columns.due.tolist(), columns.state.tolist()) == ([4.0], [[1.0, 2.0]])
    assert np.isnan(columns.velocity).all()
    assert columns.velocity.shape == (1, 2)
    with pytest.raises(AttributeError, match="there is no column 'colour'"):
        _ = columns.colour
