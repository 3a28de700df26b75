"""From what a hand did to what the arm does by itself."""

import numpy as np
from numpy.typing import NDArray

from lerecord.control.taught_path import Taught, path_of

FPS, FASTEST = 30.0, 10.0
NO_GRIPPER, GRIPPER = np.array([False, False]), np.array([False, True])


def taught(*joints: NDArray[np.float64], grippers: NDArray[np.bool_] = NO_GRIPPER) -> Taught:
    states = np.stack(joints, axis=1).astype(np.float32)
    return Taught(np.arange(len(states)), states, grippers)


def way(*legs: tuple[float, int]) -> NDArray[np.float64]:
    """To each value in so many ticks, from 0."""
    parts, last = [np.zeros(1)], 0.0
    for value, ticks in legs:
        parts.append(np.linspace(last, value, ticks + 1)[1:])
        last = value
    return np.concatenate(parts)


def test_rest_before_and_after_is_cut_and_the_arm_settles_at_the_end() -> None:
    path = path_of(taught(way((0, 90), (50, 50), (50, 90)), np.zeros(231)), FASTEST, FPS)
    assert path is not None
    assert len(path) < 50 + 4 * 15
    np.testing.assert_array_equal(path[0], [0, 0])
    np.testing.assert_array_equal(path[-15:], [[50, 0]] * 15)


def test_a_hand_that_is_faster_than_the_arm_may_be_is_followed_slowly() -> None:
    path = path_of(taught(way((0, 20), (200, 5), (200, 20)), np.zeros(46)), FASTEST, FPS)
    assert path is not None
    assert np.abs(np.diff(path, axis=0)).max() <= FASTEST
    assert path[-1, 0] == 200


def test_tremor_is_smoothed() -> None:
    trembling = way((60, 60)) + np.where(np.arange(61) % 2, 0.8, -0.8)
    path = path_of(taught(trembling, np.zeros(61)), FASTEST, FPS)
    assert path is not None
    assert np.abs(np.diff(path[:, 0], n=2)).max() < 0.5


def test_a_gripper_closes_beyond_where_the_hand_had_closed_it() -> None:
    gripper = 80 - way((0, 50), (50, 30), (50, 40), (0, 30), (0, 20))
    moved = taught(way((90, len(gripper) - 1)), gripper, grippers=GRIPPER)
    path = path_of(moved, FASTEST, FPS)
    assert path is not None
    assert path[:, 1].min() == 20
    assert path[:, 1].max() == 80
    unmoved = taught(way((90, 60)), np.full(61, 30.0), grippers=GRIPPER)
    still = path_of(unmoved, FASTEST, FPS)
    assert still is not None
    assert set(still[:, 1]) == {30}


def test_ticks_that_are_missing_take_their_time() -> None:
    whole = taught(way((60, 60)), np.zeros(61))
    torn = Taught(np.delete(whole.ticks, range(20, 40)), np.delete(whole.states, range(20, 40), 0),
                  NO_GRIPPER)  # fmt: skip
    expected, found = path_of(whole, FASTEST, FPS), path_of(torn, FASTEST, FPS)
    assert expected is not None
    assert found is not None
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_arm_that_was_not_moved_has_done_nothing() -> None:
    assert path_of(taught(np.full(60, 0.5), np.zeros(60)), FASTEST, FPS) is None
