"""The rule by which a source begins to drive, in virtual ticks and without an arm."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lerecord.control import Handover, Leader, Observation
from lerecord.control.handover import Bounds
from lerecord.control.source import Action, ActionSource, Driver
from lerecord.pacing import Tick

BOUNDS = Bounds(ramp_step=2.0, max_step=13.0, tolerance=3.0)
Pose = NDArray[np.float32]


def pose(*values: float) -> Pose:
    return np.array(values, np.float32)


class Still:
    """A source that wants one pose, and notes what it was told."""

    name = "still"

    def __init__(self, wanted: Pose | None) -> None:
        self.wanted = wanted
        self.entered: list[Pose] = []
        self.arrived: list[bool] = []

    def enter(self, observation: Observation) -> None:
        self.entered.append(observation.state)

    def next(self, observation: Observation) -> Action | None:
        self.arrived.append(observation.arrived)
        return None if self.wanted is None else Action(self.wanted, Driver.REPLAY)


class Arms:
    """Followers that go where they are sent, and a leader that a test moves."""

    def __init__(
        self, source: ActionSource, reachable: Callable[[Pose], Pose] = lambda values: values
    ) -> None:
        self.driving = Handover(source, BOUNDS, reachable)
        self.reachable = reachable
        self.goal = self.leader = pose(0, 0)
        self.tick = 0

    def step(self, **changed: object) -> Pose:
        tick = Tick(self.tick, 0.0, 0.0, 0)
        self.tick += 1
        told = Observation(tick, self.goal, self.leader, self.goal, **changed)  # type: ignore[arg-type]
        goal = self.driving.next(told)
        if goal.action is not None and np.isfinite(goal.action.values).all():
            step = np.clip(
                self.reachable(goal.action.values) - self.goal, -goal.max_step, goal.max_step
            )
            self.goal = self.goal + step.astype(np.float32)
        return self.goal

    def run(self, ticks: int) -> list[Pose]:
        return [self.step() for _ in range(ticks)]


def largest_step(path: Sequence[Pose]) -> float:
    return float(np.abs(np.diff(np.array(path), axis=0)).max())


def test_a_source_begins_at_ramp_speed_and_drives_at_full_speed_once_the_arms_are_there() -> None:
    arms = Arms(Leader())
    arms.leader = pose(20, -20)
    path = [arms.goal, *arms.run(12)]
    assert arms.driving.arrived
    assert largest_step(path) <= BOUNDS.ramp_step
    arms.leader = pose(40, 0)
    assert largest_step([arms.goal, arms.step()]) == BOUNDS.max_step


def test_another_source_begins_at_ramp_speed_too_and_is_told_where_the_arms_are() -> None:
    arms = Arms(Leader())
    arms.run(3)
    other = Still(pose(30, 0))
    arms.driving.to(other)
    path = [arms.goal, *arms.run(16)]
    assert largest_step(path) <= BOUNDS.ramp_step
    assert [each.tolist() for each in other.entered] == [[0, 0]]
    assert (other.arrived[0], other.arrived[-1]) == (False, True)
    assert arms.driving.source is other


@pytest.mark.parametrize("changed", [{"stall": "It stood still."}, {"in_trouble": True}])
def test_what_stood_still_or_failed_begins_again_at_ramp_speed(changed: dict[str, object]) -> None:
    arms = Arms(Leader())
    arms.run(3)
    arms.leader = pose(60, 0)
    path = [arms.goal, arms.step(**changed)]
    assert not arms.driving.arrived
    assert arms.driving.interruption == changed.get("stall")
    path += arms.run(8)
    assert largest_step(path) <= BOUNDS.ramp_step


def test_a_jump_counts_only_of_arms_that_have_arrived() -> None:
    arms = Arms(Leader())
    arms.step(jump="The elbow jumped.")
    assert arms.driving.interruption is None
    arms.run(2)
    arms.step(jump="The elbow jumped.")
    assert arms.driving.interruption == "The elbow jumped."
    assert not arms.driving.arrived


def test_nothing_is_sent_while_it_holds_and_it_goes_on_slowly() -> None:
    arms = Arms(Leader())
    arms.run(3)
    arms.driving.hold()
    arms.leader = pose(50, 50)
    assert arms.run(5) == [arms.goal] * 5
    arms.driving.resume()
    assert largest_step([arms.goal, *arms.run(20)]) <= BOUNDS.ramp_step


def test_a_pose_out_of_reach_is_arrived_at_where_the_arms_can_go() -> None:
    arms = Arms(Leader(), lambda values: np.clip(values, -10, 10))
    arms.leader = pose(80, 0)
    arms.run(10)
    assert arms.driving.arrived
    assert arms.goal.tolist() == [10, 0]


@pytest.mark.parametrize("wanted", [None, pose(np.nan, 0), pose(np.nan, np.nan)])
def test_a_source_without_an_action_moves_nothing_and_does_not_arrive(wanted: Pose | None) -> None:
    arms = Arms(Still(wanted))
    assert arms.run(5) == [arms.goal] * 5
    assert not arms.driving.arrived


@given(
    st.lists(
        st.tuples(
            st.floats(-200, 200, width=32),
            st.floats(-200, 200, width=32),
            st.sampled_from(["", "stall", "in_trouble", "jump", "to", "hold", "resume"]),
        ),
        max_size=40,
    )
)
def test_whatever_happens_no_step_is_longer_than_its_bound(
    told: list[tuple[float, float, str]],
) -> None:
    arms = Arms(Leader())
    for first, second, event in told:
        arms.leader = pose(first, second)
        if event == "to":
            arms.driving.to(Leader())
        elif event in ("hold", "resume"):
            getattr(arms.driving, event)()
        changed = {event: True if event == "in_trouble" else "It did."}
        before, had_arrived = arms.goal, arms.driving.arrived
        arms.step(**changed if event in ("stall", "in_trouble", "jump") else {})
        bound = BOUNDS.max_step if had_arrived else BOUNDS.ramp_step
        assert np.abs(arms.goal - before).max() <= bound + 1e-4
