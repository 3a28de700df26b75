import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.dataset.format import EpisodeColumns, Place, Vectors, episode_table, to_numpy
from lerecord.errors import DatasetError


class Matrix(pa.ExtensionType):
    """As `datasets` registers for Array2D, in any process that imports it."""

    def __init__(self) -> None:
        super().__init__(pa.list_(pa.list_(pa.float32())), "matrix")

    def __arrow_ext_serialize__(self) -> bytes:
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: object, serialized: bytes) -> "Matrix":
        return cls()


def columns(rows: int = 5) -> EpisodeColumns:
    action = np.arange(rows * 3, dtype=np.float32).reshape(rows, 3)
    state = action / np.float32(7)
    return Vectors(action, state).at(Place(episode=4, first_row=100, task=2, fps=30))


def test_the_schema_is_lerobots(tmp_path: Path) -> None:
    episode_table.write_episode(tmp_path / "a", columns())
    schema = pq.read_schema(tmp_path / "a")
    assert [(field.name, str(field.type)) for field in schema] == [
        ("action", "fixed_size_list<element: float>[3]"),
        ("observation.state", "fixed_size_list<element: float>[3]"),
        ("timestamp", "float"),
        ("frame_index", "int64"),
        ("episode_index", "int64"),
        ("index", "int64"),
        ("task_index", "int64"),
    ]
    assert schema.metadata is not None
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    vector = {
        "feature": {"dtype": "float32", "_type": "Value"},
        "length": 3,
        "_type": "Sequence",
    }
    assert features["action"] == features["observation.state"] == vector
    assert features["timestamp"] == {"dtype": "float32", "_type": "Value"}
    assert features["task_index"] == {"dtype": "int64", "_type": "Value"}
    assert list(features) == schema.names


def test_the_file_is_snappy_and_has_no_nulls(tmp_path: Path) -> None:
    episode_table.write_episode(tmp_path / "a", columns())
    group = pq.ParquetFile(tmp_path / "a").metadata.row_group(0)
    assert {group.column(i).compression for i in range(group.num_columns)} == {"SNAPPY"}
    assert all(column.null_count == 0 for column in pq.read_table(tmp_path / "a").columns)


def test_an_episode_comes_back(tmp_path: Path) -> None:
    episode_table.write_episode(tmp_path / "a", columns())
    again = episode_table.read_episode(tmp_path / "a")
    for name, column in columns().by_feature().items():
        found = again.by_feature()[name]
        assert np.array_equal(found, column), name
        assert found.dtype == column.dtype, name


def with_lists(path: Path, rows: list[list[float]]) -> Path:
    """An episode whose action is in lists of no declared length, as other tools write them."""
    episode_table.write_episode(path, columns(len(rows)))
    found = pq.read_table(path)
    place = found.schema.get_field_index("action")
    pq.write_table(found.set_column(place, "action", pa.array(rows, pa.list_(pa.float32()))), path)
    return path


def test_lists_of_one_length_are_a_vector(tmp_path: Path) -> None:
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    path = with_lists(tmp_path / "a", rows)
    for read in (episode_table.read_episode, episode_table.read_entire):
        found = read(path).action
        assert found.dtype == np.float32
        assert np.array_equal(found, np.array(rows, dtype=np.float32))


@pytest.mark.parametrize("row", [[], [1.0], [1.0, 2.0, 3.0], None])
def test_lists_of_several_lengths_are_said(tmp_path: Path, row: Any) -> None:
    path = with_lists(tmp_path / "a", [[1.0, 2.0], row, [5.0, 6.0]])
    with pytest.raises(DatasetError, match=r"a cannot be read \(action: its frames have several"):
        episode_table.read_episode(path)


def test_the_index_columns_follow_from_the_place() -> None:
    found = columns(3)
    assert found.frame_index.tolist() == [0, 1, 2]
    assert found.index.tolist() == [100, 101, 102]
    assert found.episode_index.tolist() == [4, 4, 4]
    assert found.task_index.tolist() == [2, 2, 2]


@settings(deadline=None)
@given(st.integers(1, 240))
def test_timestamps_keep_lerobots_tolerance_over_the_longest_take(fps: int) -> None:
    stamps = episode_table.timestamps(1000 * fps, fps)
    assert stamps.dtype == np.float32
    assert stamps[-1] == np.float32((1000 * fps - 1) / fps)
    steps = np.diff(stamps.astype(np.float64))
    assert (np.abs(steps - 1 / fps) <= 1e-4).all()


def test_a_file_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"PAR1 no")
    pq.write_table(pa.table({"action": [1.0]}), tmp_path / "b")
    for name in ("a", "b", "missing"):
        with pytest.raises(DatasetError, match="cannot be read"):
            episode_table.read_episode(tmp_path / name)


@pytest.mark.parametrize(
    "rows", [[[1.0, 2.0], [3.0]], [[1.0], None]], ids=["of several lengths", "missing"]
)
def test_lists_that_make_no_vector_are_refused(rows: list[list[float] | None]) -> None:
    for kind in (pa.list_, pa.large_list):
        with pytest.raises(ValueError, match="several lengths"):
            to_numpy(pa.table({"a": pa.array(rows, type=kind(pa.float32()))}), "a")


def test_a_column_of_no_rows_has_none_whatever_its_type() -> None:
    kinds: list[Any] = [pa.list_(pa.float32()), pa.list_(pa.float32(), 2), pa.float32()]
    assert [len(to_numpy(pa.table({"a": pa.array([], type=kind)}), "a")) for kind in kinds] == [
        0,
        0,
        0,
    ]


def test_a_matrix_is_read_whatever_type_a_library_puts_around_it() -> None:
    matrices = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    lists = pa.array(matrices.tolist(), pa.list_(pa.list_(pa.float32())))
    own = pa.ExtensionArray.from_storage(Matrix(), lists)
    assert np.array_equal(to_numpy(pa.table({"touch": own}), "touch"), matrices)
