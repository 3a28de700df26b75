import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lerecord.arms.limiter import GoalLimiter

GOALS = st.lists(st.floats(-300.0, 300.0, width=32), min_size=2, max_size=2)
EXACT = 1e-4  # float32 at 300


def limiter(start: list[float]) -> GoalLimiter:
    made = GoalLimiter(np.array([-100.0, 0.0]), np.array([100.0, 100.0]))
    made.start_at(start)
    return made


@given(GOALS, st.lists(GOALS, min_size=1, max_size=20), st.floats(0.0, 50.0))
def test_no_step_is_longer_than_allowed_and_none_leads_out_of_the_range(
    start: list[float], goals: list[list[float]], max_step: float
) -> None:
    limits = limiter(start)
    last = np.array(start)
    for goal in goals:
        sent = limits.limit(goal, max_step)
        limits.sent(sent)
        assert sent.dtype == np.float32
        assert np.all(np.abs(sent - last) <= max_step + EXACT)
        outside = np.maximum(np.maximum([-100.0, 0.0] - sent, sent - [100.0, 100.0]), 0.0)
        was = np.maximum(np.maximum([-100.0, 0.0] - last, last - [100.0, 100.0]), 0.0)
        assert np.all(outside <= np.maximum(was - max_step, 0.0) + EXACT)
        last = sent


@given(GOALS, GOALS)
def test_a_goal_is_reached_and_then_kept(start: list[float], goal: list[float]) -> None:
    limits = limiter(start)
    expected = np.clip(np.array(goal, np.float32), [-100.0, 0.0], [100.0, 100.0])
    for _ in range(100):
        limits.sent(limits.limit(goal, 7.0))
    assert limits.limit(goal, 7.0) == pytest.approx(expected, abs=EXACT)


def test_a_goal_that_was_not_sent_does_not_count() -> None:
    limits = limiter([0.0, 0.0])
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [1.0, 1.0]
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [1.0, 1.0]
    limits.sent(limits.limit([10.0, 10.0], 1.0))
    assert limits.limit([10.0, 10.0], 1.0).tolist() == [2.0, 2.0]


def test_each_joint_has_its_own_step() -> None:
    assert limiter([0.0, 50.0]).limit([0.5, 0.0], 1.0).tolist() == [0.5, 49.0]


@pytest.mark.parametrize(
    ("goal", "max_step"),
    [
        ([np.nan, 0.0], 1.0),
        ([np.inf, 0.0], 1.0),
        ([0.0], 1.0),
        ([0.0, 0.0, 0.0], 1.0),
        ([0.0, 0.0], -1.0),
        ([0.0, 0.0], np.nan),
    ],
)
def test_what_is_no_goal_is_refused(goal: list[float], max_step: float) -> None:
    with pytest.raises(ValueError, match="no goal and step for 2 joints"):
        limiter([0.0, 0.0]).limit(goal, max_step)


def test_before_it_is_known_where_the_arm_is_there_is_no_goal() -> None:
    with pytest.raises(RuntimeError, match="only after connect"):
        GoalLimiter(np.zeros(2), np.ones(2)).limit([0.0, 0.0], 1.0)
