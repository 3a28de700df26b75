import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lerecord.dataset.v30 import quantiles


@given(
    pixels=arrays(
        np.uint8, st.tuples(st.integers(1, 200), st.just(3)), elements=st.integers(0, 255)
    )
)
def test_those_of_a_histogram_are_pixels_that_so_many_do_not_exceed(
    pixels: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
) -> None:
    histogram = np.stack([np.bincount(channel, minlength=256) for channel in pixels.T])
    found = quantiles.of_histogram(histogram.astype(np.int64))
    assert list(found) == ["q01", "q10", "q50", "q90", "q99"]
    for name, share in quantiles.SHARES.items():
        assert found[name].shape == (3, 1, 1)
        due = np.quantile(pixels, share, axis=0, method="inverted_cdf") / 255
        assert np.array_equal(found[name].ravel(), due)


def test_those_of_a_column_are_by_dimension() -> None:
    column = np.stack([np.arange(101), np.arange(101) * -2.0], axis=1).astype(np.float32)
    found = quantiles.of_column(column)
    assert np.allclose(found["q10"], [10, -180])
    assert np.allclose(found["q50"], [50, -100])
    assert np.allclose(found["q99"], [99, -2])
    assert quantiles.of_column(np.arange(5))["q50"].tolist() == [2.0]
