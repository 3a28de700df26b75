import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.dataset.read.windows import Windows, expanded
from lerecord.errors import DatasetError

FEATURES = ["action", "observation.state", "observation.images.front", "timestamp"]


@given(
    offsets=st.lists(st.integers(-50, 50), min_size=1, max_size=5),
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    fps=st.sampled_from([10, 30, 50, 60]),
    data=st.data(),
)
def test_a_window_never_leaves_its_episode_and_says_where_it_would(
    offsets: list[int], lengths: list[int], fps: int, data: st.DataObject
) -> None:
    episode = data.draw(st.integers(0, len(lengths) - 1))
    first = sum(lengths[:episode])
    end = first + lengths[episode]
    row = data.draw(st.integers(first, end - 1))
    windows = Windows.of({"action": [each / fps for each in offsets]}, fps, 1e-4)
    taken = windows.at("action", np.array([row]), np.array([first]), np.array([end]))
    for offset, got, padded in zip(offsets, taken.rows[0], taken.padded[0], strict=True):
        assert padded == (not first <= row + offset < end)
        assert got == (row + offset if not padded else first if offset < 0 else end - 1)


def test_an_offset_within_the_tolerance_is_the_row_that_is_meant() -> None:
    windows = Windows.of({"action": [-0.1 + 9e-5, 0.0, 1 / 30 - 9e-5]}, 30, 1e-4)
    assert windows.offsets["action"].tolist() == [-3, 0, 1]


def test_an_offset_off_the_grid_is_named() -> None:
    with pytest.raises(
        DatasetError, match=r"'action' has 0\.05 s, which is no multiple of 1/30 s within 0\.0001 s"
    ):
        Windows.of({"action": [0.0, 0.05]}, 30, 1e-4)
    with pytest.raises(DatasetError, match="no multiple"):
        Windows.of({"action": [0.1 + 1.5e-4]}, 30, 1e-4)
    assert Windows.of({"action": [0.05]}, 20, 1e-4).offsets["action"].tolist() == [1]


def test_a_star_means_every_feature_that_begins_so() -> None:
    assert expanded({"observation.*": [0.0], "action": [0.1]}, FEATURES) == {
        "observation.state": [0.0],
        "observation.images.front": [0.0],
        "action": [0.1],
    }


@pytest.mark.parametrize("key", ["observation.state.x", "reward.*", "act"])
def test_a_feature_that_is_not_there_is_refused(key: str) -> None:
    with pytest.raises(DatasetError, match="which the dataset does not have; it has action, "):
        expanded({key: [0.0]}, FEATURES)


def test_a_window_without_a_place_is_refused() -> None:
    with pytest.raises(DatasetError, match="no offsets for 'action'"):
        expanded({"action": []}, FEATURES)
