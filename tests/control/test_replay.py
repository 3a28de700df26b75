"""The source that is an episode, in virtual ticks and without an arm."""

import numpy as np
import pytest

from lerecord.control import Observation, Recording, Replay
from lerecord.control.source import Driver, Vector
from lerecord.pacing import Tick

ACTIONS = np.array([[0, 0], [10, 0], [20, 4], [30, 8]], np.float32)


def asked(replay: Replay, tick: int, arrived: bool = True, state: Vector = ACTIONS[0]) -> Vector:
    observation = Observation(
        Tick(tick, 0.0, 0.0, 0), state, np.full(2, np.nan, np.float32), state, arrived=arrived
    )
    action = replay.next(observation)
    assert action is not None
    assert (action.driver, action.leader_action) == (Driver.REPLAY, None)
    return action.values


def test_every_frame_is_asked_for_once_and_the_last_one_ends_it() -> None:
    replay = Replay(Recording(ACTIONS, ACTIONS))
    over = []
    for tick in range(4):
        assert asked(replay, tick).tolist() == ACTIONS[tick].tolist()
        over.append(replay.is_over)
    assert over == [False, False, False, True]
    assert asked(replay, 4).tolist() == ACTIONS[3].tolist()


def test_its_clock_stands_still_until_the_arms_are_there_and_after_each_interruption() -> None:
    replay = Replay(Recording(ACTIONS, ACTIONS))
    assert [asked(replay, tick, arrived=False)[0] for tick in range(5)] == [0] * 5
    assert not len(replay.errors)
    assert [asked(replay, tick)[0] for tick in (5, 6)] == [0, 10]
    assert [asked(replay, tick, arrived=False)[0] for tick in (7, 8)] == [10, 10]
    assert [asked(replay, tick)[0] for tick in (9, 10)] == [10, 20]


def test_a_missed_slot_is_a_frame_that_is_left_out() -> None:
    replay = Replay(Recording(ACTIONS, ACTIONS))
    assert [asked(replay, tick)[0] for tick in (0, 2)] == [0, 20]


def test_half_as_fast_lies_between_the_frames() -> None:
    replay = Replay(Recording(ACTIONS, ACTIONS), rate=0.5)
    assert [asked(replay, tick).tolist() for tick in range(4)] == [[0, 0], [5, 0], [10, 0], [15, 2]]


def test_it_knows_how_far_the_arms_were_from_where_the_episode_brought_them() -> None:
    replay = Replay(Recording(ACTIONS, ACTIONS + 1))
    asked(replay, 0, arrived=False, state=np.full(2, 99, np.float32))
    asked(replay, 1, state=np.array([1, 4], np.float32))
    asked(replay, 2, state=np.array([11, 1], np.float32))
    assert replay.errors.tolist() == [[0, 3], [0, 0]]


@pytest.mark.parametrize("frames", [1, 2])
def test_a_short_episode_ends_too(frames: int) -> None:
    replay = Replay(Recording(ACTIONS[:frames], ACTIONS[:frames]))
    assert not replay.is_over
    for tick in range(frames):
        asked(replay, tick)
    assert replay.is_over
