"""Demonstrations of which the recorder missed slots."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.policy import PolicyInput
from lerecord.policy.nearest import HORIZON, MOST_FRAMES, NearestPolicy, bridged
from tests.policy.nearest.test_nearest import FRAMES, learned_from, reach, seen

Rows = NDArray[np.float32]


def with_gap(path: Rows, first: int, frames: int) -> Rows:
    """What is recorded when the slots behind a frame are missed."""
    gap = path.copy()
    gap[first + 1 : first + 1 + frames] = path[first]
    return gap


def sweep(begin: float) -> Rows:
    """(40, 2): two joints that never rest."""
    return begin + np.outer(np.arange(40), (1.5, -0.5)).astype(np.float32)


def test_the_arm_went_on_while_slots_were_missed() -> None:
    path = sweep(3.0)
    states, actions = bridged(with_gap(path - 1, 10, 5), with_gap(path, 10, 5))
    assert states == pytest.approx(path - 1, abs=1e-4)
    assert actions == pytest.approx(path, abs=1e-4)


def test_where_nothing_changes_for_long_the_arm_stood() -> None:
    stands = with_gap(sweep(3.0), 10, MOST_FRAMES + 1)
    assert np.array_equal(bridged(stands, stands)[1], stands)
    ends = with_gap(sweep(3.0), 36, 3)
    assert np.array_equal(bridged(ends, ends)[1], ends)


def test_a_frame_in_which_anything_changes_is_no_gap() -> None:
    path = sweep(3.0)
    held = with_gap(path, 10, 5)
    assert np.array_equal(bridged(path, held)[1], held)


def largest_change_of_speed(policy: NearestPolicy) -> float:
    chunks = []
    for goal in (-50.0, 30.0, 70.0):
        state = reach(goal, FRAMES)[0]
        told = PolicyInput(state, {"top": seen(goal, state, grain=99)}, "reach")
        chunks.append(policy.infer(told).actions[: HORIZON // 2])  # on the way there
    return float(np.abs(np.diff(chunks, n=2, axis=1)).max())


def test_missed_slots_do_not_make_the_policy_stop_and_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    goals = np.linspace(-80, 80, 9)
    plain = largest_change_of_speed(learned_from(goals))
    module = "tests.policy.nearest.test_nearest.reach"
    monkeypatch.setattr(module, lambda goal, frames: with_gap(reach(goal, frames), 12, 3))
    assert largest_change_of_speed(learned_from(goals)) <= plain + 0.1
