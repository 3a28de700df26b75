from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.storage import RecordFile, read_header, read_records
from lerecord.errors import DatasetError

DTYPE = np.dtype([("number", "<u4"), ("values", "<f4", (2,))])
SIZE = DTYPE.itemsize + 4


def written(path: Path, count: int) -> bytes:
    with RecordFile(path, DTYPE, {"format": "test"}) as file:
        for number in range(count):
            file.append(number, [number / 2, -number])
    return path.read_bytes()


def test_records_come_back_as_written(tmp_path: Path) -> None:
    written(tmp_path / "a", 5)
    assert read_header(tmp_path / "a") == {"format": "test"}
    records = read_records(tmp_path / "a", DTYPE)
    assert records["number"].tolist() == [0, 1, 2, 3, 4]
    assert records["values"].tolist() == [[n / 2, -n] for n in range(5)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 6), st.data())
def test_a_file_torn_anywhere_keeps_every_whole_record(count: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        whole = written(path, count)
        header = len(whole) - count * SIZE
        end = data.draw(st.integers(header, len(whole)))
        path.write_bytes(whole[:end])
        assert len(read_records(path, DTYPE)) == (end - header) // SIZE


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.data())
def test_a_damaged_record_ends_the_file(count: int, data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        whole = bytearray(written(path, count))
        place = data.draw(st.integers(0, count * SIZE - 1))
        whole[len(whole) - count * SIZE + place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole)
        assert read_records(path, DTYPE)["number"].tolist() == list(range(place // SIZE))


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_room_that_was_given_but_never_written_is_no_record(tmp_path: Path, filler: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(written(path, 3) + filler * (4 * SIZE + 5))
    assert len(read_records(path, DTYPE)) == 3


def test_a_file_torn_in_its_header_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b'{"format": "te')
    with pytest.raises(DatasetError, match="torn before its first record"):
        read_records(tmp_path / "a", DTYPE)
    with pytest.raises(DatasetError, match="is missing"):
        read_header(tmp_path / "b")


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    written(tmp_path / "a", 1)
    with pytest.raises(FileExistsError):
        RecordFile(tmp_path / "a", DTYPE, {})
