"""Parquet files of strangers are measured before they are unpacked."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lerecord
from lerecord.dataset.format import read_parquet, rows_of
from lerecord.errors import DatasetError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    table = pa.table({"next.reward": [1.0, 2.0], "task_index": [0, 1], "task": ["a", "b"]})
    pq.write_table(table, tmp_path / "x.parquet")
    return tmp_path / "x.parquet"


def test_columns_come_in_the_order_that_is_asked_for(path: Path) -> None:
    names = ["task_index", "next.reward"]
    assert read_parquet(path, names, rows=2).column_names == names
    assert read_parquet(path).column_names == ["next.reward", "task_index", "task"]
    assert rows_of(path) == 2


def test_what_does_not_fit_is_one_sentence(path: Path) -> None:
    with pytest.raises(DatasetError, match=r"x\.parquet has 2 rows instead of 3"):
        read_parquet(path, rows=3)
    with pytest.raises(DatasetError, match=r"x\.parquet lacks the column 'state'"):
        read_parquet(path, ["state"])
    with pytest.raises(DatasetError, match=r"y\.parquet cannot be read"):
        read_parquet(path.with_name("y.parquet"))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DatasetError, match=r"x\.parquet cannot be read"):
        read_parquet(path)


@pytest.mark.timeout(20)
def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DatasetError, match="is not a regular file"):
        read_parquet(tmp_path / "pipe")


def test_a_small_file_of_endless_rows_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"index": np.zeros(50_000_000, np.int64)}), path)
    assert path.stat().st_size < 300_000
    monkeypatch.setattr(pq.ParquetFile, "read", None)
    with pytest.raises(DatasetError, match=r"bomb\.parquet has 0\.. MB and would unpack to 381 MB"):
        read_parquet(path)


def test_every_table_is_measured_before_it_is_read() -> None:
    modules = list(Path(lerecord.__file__).parent.rglob("*.py"))
    assert len(modules) > 100
    assert [each for each in modules if "read_table(" in each.read_text(encoding="utf-8")] == []
