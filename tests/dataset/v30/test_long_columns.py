"""Columns that are read in parts: the statistics of the whole, to the last bit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from lerecord.dataset.v30.files import FullStats
from lerecord.dataset.v30.long_columns import Read, of_columns

DTYPES = st.sampled_from([np.float32, np.float64, np.float16, np.int64, np.uint8, np.bool_])
columns = DTYPES.flatmap(
    lambda dtype: arrays(dtype, st.tuples(st.integers(1, 60), st.integers(1, 3)))
)


def in_parts(column: NDArray[Any], size: int) -> Read:
    def read(keys: Sequence[str]) -> Iterator[Mapping[str, NDArray[Any]]]:
        assert keys == ["x"]
        for first in range(0, len(column), size):
            yield {"x": column[first : first + size]}

    return read


def streamed(column: NDArray[Any], size: int) -> FullStats:
    return of_columns(in_parts(column, size), ["x"], len(column))["x"]


def require_same(found: FullStats, due: FullStats) -> None:
    assert found.to_data().keys() == due.to_data().keys()
    for name, values in due.to_data().items():
        np.testing.assert_array_equal(found.to_data()[name], values, name)
    assert found.moments.min.dtype == due.moments.min.dtype
    assert found.moments.max.dtype == due.moments.max.dtype


@settings(max_examples=150, deadline=None)
@given(columns, st.integers(1, 61))
def test_they_are_those_of_the_whole_column(column: NDArray[Any], size: int) -> None:
    with np.errstate(all="ignore"):
        require_same(streamed(column, size), FullStats.of_column(column))


@pytest.mark.parametrize("rows", [127, 1000, 65_536, 65_537, 300_001])
@pytest.mark.parametrize("width", [1, 2, 7])
def test_values_are_added_in_the_same_order(rows: int, width: int) -> None:
    lots = np.random.default_rng(rows)
    column = lots.normal(0, 100, (rows, width)).astype(np.float32)
    require_same(streamed(column, 40_000), FullStats.of_column(column))
