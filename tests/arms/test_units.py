import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.arms.units import Mode, Scale, joint_mode

RANGES = st.tuples(st.integers(0, 4095), st.integers(0, 4095)).filter(lambda r: r[0] < r[1])
JOINTS = st.lists(st.tuples(st.sampled_from(Mode), RANGES), min_size=1, max_size=8)


def scale_of(joints: list[tuple[Mode, tuple[int, int]]]) -> Scale:
    modes, ranges = [mode for mode, _ in joints], [range_ for _, range_ in joints]
    return Scale(modes, [low for low, _ in ranges], [high for _, high in ranges], 4096)


def one(mode: Mode, low: int, high: int) -> Scale:
    return Scale([mode], [low], [high], 4096)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("low", "high"), [(0, 4095), (0, 1), (1000, 1001), (758, 3292), (7, 4000)])
def test_every_count_of_a_range_comes_back(mode: Mode, low: int, high: int) -> None:
    counts = np.arange(low, high + 1)[:, np.newaxis]
    scale = one(mode, low, high)
    units = scale.to_units(counts)
    assert np.array_equal(scale.to_counts(units), counts)
    assert np.array_equal(scale.to_counts(units.astype(np.float32)), counts)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("span", [10, 500, 2533, 4095])
def test_every_count_comes_back_also_outside_of_the_range(mode: Mode, span: int) -> None:
    counts = np.arange(-4096, 8192)[:, np.newaxis]
    scale = one(mode, 0, span)
    assert np.array_equal(scale.to_counts(scale.unbounded(counts)), counts)
    if span > 10:
        assert np.array_equal(scale.to_counts(scale.unbounded(counts).astype(np.float32)), counts)


@given(JOINTS, st.data())
def test_counts_come_back_whatever_the_ranges(
    joints: list[tuple[Mode, tuple[int, int]]], data: st.DataObject
) -> None:
    scale = scale_of(joints)
    counts = np.array([data.draw(st.integers(low, high)) for _, (low, high) in joints])
    units = scale.to_units(counts)
    assert units.shape == counts.shape
    assert np.array_equal(scale.to_counts(units), counts)
    assert np.array_equal(scale.to_counts(units.astype(np.float32)), counts)


@given(JOINTS, st.data())
def test_units_are_those_of_lerobot(
    joints: list[tuple[Mode, tuple[int, int]]], data: st.DataObject
) -> None:
    counts = [data.draw(st.integers(-5000, 9000)) for _ in joints]
    expected = []
    for (mode, (low, high)), value in zip(joints, counts, strict=True):
        clamped = min(high, max(low, value))
        expected.append(
            {
                Mode.RANGE_M100_100: (((clamped - low) / (high - low)) * 200) - 100,
                Mode.RANGE_0_100: ((clamped - low) / (high - low)) * 100,
                Mode.DEGREES: (value - (low + high) / 2) * 360 / 4095,
            }[mode]
        )
    assert scale_of(joints).to_units(np.array(counts)).tolist() == expected


def test_known_values() -> None:
    modes = [Mode.RANGE_M100_100, Mode.RANGE_0_100, Mode.DEGREES]
    scale = Scale(modes, [1000] * 3, [3000] * 3, 4096)
    assert scale.to_units([1000, 1000, 1000]).tolist() == [-100.0, 0.0, -1000 * 360 / 4095]
    assert scale.to_units([2000, 2000, 2000]).tolist() == [0.0, 50.0, 0.0]
    assert scale.to_units([3500, 3500, 2000 + 4095]).tolist() == [100.0, 100.0, 360.0]
    assert scale.unbounded([4000, 500, 2000]).tolist() == [200.0, -25.0, 0.0]


def test_going_to_counts_rounds_to_the_nearest_and_does_not_truncate() -> None:
    scale = one(Mode.RANGE_0_100, 0, 1000)
    assert scale.to_counts([[49.96], [49.94], [-0.06]]).tolist() == [[500], [499], [-1]]


def test_the_limits_are_the_ends_of_the_range() -> None:
    scale = Scale(list(Mode), [10, 20, 30], [1010, 1020, 4125], 4096)
    low, high = scale.limits
    assert low.tolist() == [-100.0, 0.0, -180.0]
    assert high.tolist() == [100.0, 100.0, 180.0]


def test_arrays_of_rows_are_converted_at_once() -> None:
    scale = Scale([Mode.RANGE_M100_100, Mode.RANGE_0_100], [0, 0], [200, 100], 4096)
    rows = np.array([[0, 0], [100, 50], [200, 100]])
    assert scale.to_units(rows).tolist() == [[-100.0, 0.0], [0.0, 50.0], [100.0, 100.0]]


def test_an_empty_range_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        one(Mode.DEGREES, 5, 5)


def test_the_units_of_a_config_choose_the_mode() -> None:
    assert joint_mode("normalized") is Mode.RANGE_M100_100
    assert joint_mode("degrees") is Mode.DEGREES


def lerobots(mode: Mode, low: int, high: int, is_reversed: bool, counts: int) -> float:
    """LeRobot's own formula (MotorsBus._normalize)."""
    bounded = min(high, max(low, counts))
    if mode is Mode.RANGE_M100_100:
        norm = (((bounded - low) / (high - low)) * 200) - 100
        return -norm if is_reversed else norm
    if mode is Mode.RANGE_0_100:
        norm = ((bounded - low) / (high - low)) * 100
        return 100 - norm if is_reversed else norm
    return (counts - (low + high) / 2) * 360 / 4095


@given(st.sampled_from(Mode), RANGES, st.booleans(), st.integers(0, 4095))
def test_units_are_lerobots_also_of_a_joint_that_is_reversed(
    mode: Mode, ends: tuple[int, int], is_reversed: bool, counts: int
) -> None:
    scale = Scale([mode], [ends[0]], [ends[1]], 4096, [is_reversed])
    (units,) = scale.to_units([counts])
    assert units == pytest.approx(lerobots(mode, *ends, is_reversed, counts), abs=1e-4)
    (low,), (high,) = scale.limits
    assert low < high
    if ends[0] <= counts <= ends[1]:
        assert low <= units <= high
        assert scale.to_counts([units]).tolist() == [counts]
