"""Distributions: what NumPy says of all values."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lerecord.fleet.distribution import Distribution

SHARES = (0.0, 0.01, 0.1, 0.5, 0.9, 0.99, 1.0)
numbers = st.one_of(
    st.integers(-5, 5).map(float),
    st.floats(-1e6, 1e6, width=32),
    st.just(math.nan),
)
parts = st.lists(st.lists(numbers, min_size=1, max_size=20), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(parts)
def test_it_says_of_all_parts_what_numpy_says_of_all_values(told: list[list[float]]) -> None:
    values = np.array([each for part in told for each in part], np.float32)
    found = Distribution.joined([Distribution.of(np.array(part, np.float32)) for part in told])
    exact = values.astype(np.float64)
    assert found.total == len(values)
    np.testing.assert_array_equal(found.extremes, (exact.min(), exact.max()))
    np.testing.assert_allclose(found.moments, (exact.mean(), exact.std()), rtol=1e-9, atol=1e-9)
    for share in SHARES:
        np.testing.assert_array_equal(found.quantile(share), np.quantile(exact, share))
