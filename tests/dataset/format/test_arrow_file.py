"""Sidecars of strangers are measured before they are unpacked."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.format import read_sidecar
from lerecord.dataset.format.arrow_file import read_arrow
from lerecord.errors import DatasetError

NUMBERS = {"a": pa.array([1.0, 2.0]), "b": pa.array([True, False])}


def write(path: Path, table: pa.Table, **options: Any) -> Path:
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_file(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer,
    ):
        writer.write_table(table)
    return path


def test_a_table_of_numbers_is_read(tmp_path: Path) -> None:
    table = pa.table(NUMBERS | {"c": pa.FixedSizeListArray.from_arrays(pa.array([1, 2, 3, 4]), 2)})
    assert read_arrow(write(tmp_path / "x", table)).equals(table)
    assert len(read_arrow(write(tmp_path / "none", table.slice(0, 0)))) == 0


@pytest.mark.parametrize(
    ("column", "fact"),
    [
        (pa.nulls(10), "its column 'x' is null"),
        (pa.array(["a", "b"]).dictionary_encode(), "its column 'x' is dictionary"),
        (pa.array(["a", "b"]), "its column 'x' is string"),
        (pa.array([[1.0], []]), "its column 'x' is list"),
        (pa.FixedSizeListArray.from_arrays(pa.nulls(4), 2), "its column 'x' is fixed_size_list"),
    ],
)
def test_other_columns_are_refused(tmp_path: Path, column: Any, fact: str) -> None:
    path = write(tmp_path / "x", pa.table({"x": column}))
    with pytest.raises(DatasetError, match=f"is not a lerecord sidecar: {fact}"):
        read_arrow(path)


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_what_is_compressed_is_not_unpacked(tmp_path: Path, codec: str) -> None:
    table = pa.table({"x": np.zeros(1_000_000)})
    path = write(tmp_path / "bomb", table, compression=codec)
    assert path.stat().st_size < 100_000
    with pytest.raises(DatasetError, match="is not a lerecord sidecar: it is compressed"):
        read_arrow(path)


@pytest.mark.timeout(20)
def test_what_is_no_arrow_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data in (b"", b"ARROW1\0\0", b"-----BEGIN OPENSSH PRIVATE KEY-----\n" * 50):
        path.write_bytes(data)
        with pytest.raises(DatasetError, match=r"/x (cannot be read|is not a lerecord sidecar)"):
            read_arrow(path)
    path.unlink()
    with pytest.raises(DatasetError, match="/x cannot be read"):
        read_arrow(path)
    os.mkfifo(path)
    with pytest.raises(DatasetError, match="is not a regular file"):
        read_arrow(path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("arrow") / "x", pa.table(NUMBERS)).read_bytes()


@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.arrow"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(whole)))])
    try:
        assert read_arrow(path).nbytes <= 2 * len(whole)
    except DatasetError as error:
        sentence = str(error)
        assert "damaged.arrow" in sentence


@pytest.mark.parametrize("facts", [b"[" * 10_000, b"[]", b"\xff", b"null"])
def test_facts_of_another_form_are_one_sentence(tmp_path: Path, facts: bytes) -> None:
    table = pa.table({"requested": pa.FixedSizeListArray.from_arrays(pa.array([1.0, 2.0]), 2)})
    path = write(tmp_path / "x", table.replace_schema_metadata({b"lerecord": facts}))
    with pytest.raises(DatasetError, match=f"{path}"):
        read_sidecar(path, ())
