import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from lerecord.dataset.format import FeatureStats, Fields, stats
from lerecord.errors import DatasetError

columns = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.just(2)),
    elements=st.floats(-1000, 1000, width=32),
)
integers = npst.arrays(np.int64, st.integers(1, 30), elements=st.integers(-1000, 1000))


@settings(deadline=None)
@given(columns)
def test_a_vectors_statistics_are_numpys(column: NDArray[np.float32]) -> None:
    found = stats.of_column(column)
    exact = column.astype(np.float64)
    assert np.array_equal(found.min, exact.min(axis=0))
    assert np.array_equal(found.max, exact.max(axis=0))
    np.testing.assert_allclose(found.mean, exact.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.std, exact.std(axis=0, ddof=0), rtol=1e-12, atol=1e-12)
    assert found.count == len(column)


@settings(deadline=None)
@given(integers)
def test_integers_keep_integer_ends(column: NDArray[np.int64]) -> None:
    data = stats.of_column(column).to_data()
    assert data["min"] == [int(column.min())]
    assert data["max"] == [int(column.max())]
    assert all(isinstance(each, int) for each in data["min"] + data["max"] + data["count"])
    assert isinstance(data["mean"][0], float)


@settings(deadline=None)
@given(
    npst.arrays(
        np.uint8, st.tuples(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.just(3))
    )
)
def test_a_histogram_gives_the_statistics_of_its_pictures(pictures: NDArray[np.uint8]) -> None:
    histogram = np.stack(
        [np.bincount(pictures[..., channel].ravel(), minlength=256) for channel in range(3)]
    )
    found = stats.of_pictures(histogram, len(pictures))
    unit = pictures / 255.0
    for name in ("min", "max", "mean", "std"):
        due = getattr(np, name)(unit, axis=(0, 1, 2)).reshape(3, 1, 1)
        np.testing.assert_allclose(getattr(found, name), due, atol=1e-12)
    assert found.count == len(pictures)


def of(*columns: NDArray[Any]) -> list[stats.Stats]:
    return [{"action": stats.of_column(each)} for each in columns]


@settings(deadline=None)
@given(st.lists(columns, min_size=1, max_size=6))
def test_the_fold_is_the_statistics_of_all_rows(parts: list[NDArray[np.float32]]) -> None:
    total = stats.fold(of(*parts))
    assert total is not None
    found, due = total["action"], stats.of_column(np.concatenate(parts))
    assert np.array_equal(found.min, due.min)
    assert np.array_equal(found.max, due.max)
    assert found.count == due.count
    np.testing.assert_allclose(found.mean, due.mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.std, due.std, rtol=1e-6, atol=1e-5)


@settings(deadline=None)
@given(st.lists(columns | integers, min_size=1, max_size=6))
def test_adding_one_to_what_is_stored_gives_what_folding_all_gives(
    parts: list[NDArray[Any]],
) -> None:
    same = [part for part in parts if part.ndim == parts[0].ndim]
    stored: stats.Stats | None = None
    for episode in of(*same):
        stored = stats.folded(stored, through_json(episode))
        stored = through_json(stored)
    folded = stats.fold(of(*same))
    assert stored is not None
    assert folded is not None
    assert json.dumps(stats.to_data(stored)) == json.dumps(stats.to_data(folded))


def through_json(values: stats.Stats) -> stats.Stats:
    return stats.from_fields(Fields(json.loads(json.dumps(stats.to_data(values))), "x"))


@settings(deadline=None)
@given(columns | integers)
def test_statistics_survive_json(column: NDArray[Any]) -> None:
    before = stats.of_column(column)
    after = FeatureStats.from_fields(Fields(json.loads(json.dumps(before.to_data())), "x"))
    assert after.count == before.count
    for name in ("min", "max", "mean", "std"):
        left, right = getattr(before, name), getattr(after, name)
        assert np.array_equal(left, right)
        assert left.dtype == right.dtype
        assert left.shape == right.shape


def test_nothing_folds_to_nothing() -> None:
    assert stats.fold([]) is None


@settings(deadline=None)
@given(st.lists(columns, min_size=2, max_size=6))
def test_the_fold_of_all_is_the_fold_of_one_after_the_other_to_the_last_bit(
    parts: list[NDArray[np.float32]],
) -> None:
    episodes = of(*parts)
    for index, episode in enumerate(episodes):
        episode["index"] = stats.of_range(index, len(parts[index]))
    each: stats.Stats | None = None
    for episode in episodes:
        each = stats.folded(each, episode)
    total = stats.fold(episodes)
    assert each is not None
    assert total is not None
    assert json.dumps(stats.to_data(total)) == json.dumps(stats.to_data(each))


def test_episodes_with_other_features_are_folded_too() -> None:
    first, second = of(np.zeros((2, 1), np.float32), np.ones((3, 1), np.float32))
    more = second | {"further": stats.of_constant(4, 3)}
    total = stats.fold([first, more])
    assert total is not None
    assert total["further"].count == 3
    assert total["action"].count == 5


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 3000))
def test_statistics_of_index_columns_are_those_of_the_columns(first: int, rows: int) -> None:
    index = np.arange(rows, dtype=np.int64)
    for found, column in (
        (stats.of_range(first, rows), index + first),
        (stats.of_constant(first, rows), np.full_like(index, first)),
    ):
        assert json.dumps(found.to_data()) == json.dumps(stats.of_column(column).to_data())


def test_no_rows_have_no_statistics() -> None:
    with pytest.raises(DatasetError, match="without frames"):
        stats.of_range(3, 0)
    with pytest.raises(DatasetError, match="without frames"):
        stats.of_constant(3, 0)
