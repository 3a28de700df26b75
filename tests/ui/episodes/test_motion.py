"""The outline of an episode's motion."""

import numpy as np
import pytest

from lerecord.ui.episodes import outline


def test_the_outline_is_highest_where_most_moves() -> None:
    state = np.zeros((97, 2), np.float32)
    state[48:52, 0] = [1, 2, 3, 4]
    state[52:, 0] = 4
    values = outline(state)
    assert len(values) == 48
    assert values.index(100) in (23, 24, 25)
    assert values[:20] == [0] * 20


def test_joints_count_alike_whatever_their_units() -> None:
    state = np.zeros((5, 2), np.float32)
    state[2:, 0] = 1000
    state[3:, 1] = 0.001
    assert outline(state) == [0, 100, 100, 0]


@pytest.mark.parametrize("frames", [0, 1])
def test_too_short_to_move(frames: int) -> None:
    assert outline(np.zeros((frames, 3), np.float32)) == []


def test_nothing_moves() -> None:
    assert outline(np.ones((4, 3), np.float32)) == [0, 0, 0]
