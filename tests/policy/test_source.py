"""A policy that drives through the hand-over, in virtual ticks and without an arm."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.control import Driver, Handover, Observation
from lerecord.control.handover import Bounds
from lerecord.pacing import Tick
from lerecord.policy import ChunkRequest, PolicySource, QueueSettings, QueueState
from tests.scripted_policy import Chunk, Policy, ScriptedLink, towards

DT = 1 / 30
BOUNDS = Bounds(ramp_step=2.0, max_step=13.0, tolerance=3.0)
Pose = NDArray[np.float32]
HERE = np.zeros(2, np.float32)


def settings(stop_and_go: bool = False) -> QueueSettings:
    gripper = np.array([False, True])
    step = np.full(2, BOUNDS.max_step, np.float32)
    return QueueSettings(DT, step, gripper, stop_and_go=stop_and_go)


class Arm:
    """A follower that goes where it is sent, at most as far as the hand-over lets it."""

    def __init__(self, policy: Policy, latency: int = 3, stop_and_go: bool = False) -> None:
        self.link = ScriptedLink(policy, latency)
        self.source = PolicySource(self.link, settings(stop_and_go))
        self.driving = Handover(self.source, BOUNDS, lambda values: values)
        self.goal = HERE
        self.path = [HERE]
        self.said: list[Pose | None] = []
        self.after_s: list[float | None] = []
        self.held: list[bool] = []
        self._tick = 0

    def run(self, ticks: int, **changed: object) -> list[Pose]:
        """Goals, the one before the first included."""
        for _ in range(ticks):
            now = self._tick * DT
            told = Observation(Tick(self._tick, now, now, 0), self.goal, self.goal, self.goal)
            goal = self.driving.next(replace(told, **changed))  # type: ignore[arg-type]
            self._tick += 1
            self.held.append(goal.action is None)
            self.after_s.append(None if goal.action is None else goal.action.policy_latency_s)
            self.said.append(None if goal.action is None else goal.action.policy_action)
            if goal.action is not None:
                assert goal.action.driver is Driver.POLICY
                step = np.clip(goal.action.values - self.goal, -goal.max_step, goal.max_step)
                self.goal = (self.goal + step).astype(np.float32)
            self.path.append(self.goal)
        return self.path[-ticks - 1 :]


def largest_step(path: list[Pose]) -> float:
    return float(np.abs(np.diff(np.array(path), axis=0)).max())


def at(*values: float, horizon: int = 30) -> Policy:
    """Chunks that want one pose."""
    return lambda request, observation: np.tile(np.array(values, np.float32), (horizon, 1))


def test_it_goes_slowly_to_where_the_first_chunk_begins_and_then_as_the_policy_says() -> None:
    arm = Arm(at(40, 0))
    first = arm.run(3)
    assert largest_step(first) == 0
    path = arm.run(25)
    assert arm.driving.arrived
    assert largest_step(path) == BOUNDS.ramp_step
    assert len(arm.link.asked) == 2  # on the way there nothing is asked: its clock stands still
    arm.link.policy = towards(np.array([0, 0], np.float32), step=4.0)
    path = arm.run(40)
    assert BOUNDS.ramp_step < largest_step(path) < BOUNDS.max_step
    assert arm.source.counts.starved == 0


def test_the_plan_is_asked_for_anew_once_the_arm_has_come() -> None:
    arm = Arm(at(40, 0))
    arm.run(10)
    assert [each.tick for each in arm.link.asked] == [0]
    while not arm.driving.arrived:
        arm.run(1)
    arm.run(1)
    assert [each.tick for each in arm.link.asked] == [0, 0]


def test_what_the_policy_said_lies_beside_what_it_was_blended_to() -> None:
    arm = Arm(at(1, 0, horizon=5), latency=1)
    arm.run(10)
    arm.link.policy = at(9, 80, horizon=5)
    arm.run(5)
    said = [each.tolist() for each in arm.said if each is not None]
    assert said[0] == [1, 0]
    assert said[-1] == [9, 80]
    took = {None if each is None else round(each / DT) for each in arm.after_s}
    assert took == {None, 2}  # ticks, of both chunks
    assert largest_step(arm.path) <= BOUNDS.max_step
    assert arm.goal[1] > 25  # a gripper is not blended
    assert arm.goal[0] < 9


def test_a_take_over_drops_what_was_planned_and_what_is_on_its_way() -> None:
    arm = Arm(towards(np.array([60, 0], np.float32)), latency=6)
    arm.run(20)
    assert arm.source.state is QueueState.RUNNING
    arm.driving.hold()
    assert largest_step(arm.run(5)) == 0
    arm.link.policy = at(-30, 0)
    outdated, before = arm.source.counts.outdated, len(arm.link.asked)
    arm.driving.resume()
    assert largest_step(arm.run(6)) == 0  # until an observation of now is answered
    path = arm.run(40)
    assert largest_step(path) == pytest.approx(BOUNDS.ramp_step)
    assert path[-1][0] < path[0][0]
    assert len(arm.link.asked) > before
    assert arm.source.counts.outdated >= outdated


def test_it_holds_when_the_plan_runs_out_and_goes_on_within_its_bound() -> None:
    arm = Arm(towards(np.array([90, 0], np.float32), step=2.0, horizon=20))
    arm.run(10)
    arm.link.latency = 40
    path = arm.run(60)
    assert arm.source.counts.starved > 0
    assert largest_step(path) <= 2.0 + 2.0
    assert any(arm.held)
    arm.link.latency = 1
    assert arm.run(100)[-1][0] == pytest.approx(90, abs=0.1)
    assert largest_step(arm.path) <= 4.0


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (np.full((5, 2), np.nan, np.float32), "a number that is none"),
        (np.zeros((5, 3), np.float32), "an array of shape (5, 3)"),
        (np.zeros((0, 2), np.float32), "an array of shape (0, 2)"),
        (np.zeros(2, np.float32), "an array of shape (2,)"),
    ],
)
def test_an_answer_that_is_no_chunk_moves_nothing_and_is_named(bad: Chunk, told: str) -> None:
    arm = Arm(lambda request, observation: bad)
    assert largest_step(arm.run(20)) == 0
    assert told in (arm.source.complaint or "")
    assert arm.source.counts.malformed >= 4
    arm.link.policy = at(10, 0)
    assert arm.run(15)[-1][0] == 10
    assert arm.source.complaint is None


def test_a_policy_that_is_lost_moves_nothing_until_it_is_back() -> None:
    arm = Arm(at(10, 0, horizon=12))
    arm.run(10)
    arm.link.policy = lambda request, observation: "The policy is gone."
    arm.run(20)
    assert arm.source.complaint == "The policy is gone."
    assert arm.source.lost > 1
    assert largest_step(arm.run(20)) == 0
    assert arm.source.state is QueueState.STALLED
    arm.link.policy = at(14, 0, horizon=12)
    path = arm.run(30)
    assert path[-1][0] == pytest.approx(14, abs=1)
    assert largest_step(path) <= 1.0
    assert arm.source.complaint is None


def test_a_request_that_is_never_answered_is_given_up_when_the_arm_has_stalled() -> None:
    arm = Arm(at(10, 0, horizon=8))
    arm.run(10)
    arm.link.policy = lambda request, observation: None
    arm.run(40)
    assert arm.source.state is QueueState.STALLED
    arm.link.policy = at(14, 0, horizon=8)
    asked: list[ChunkRequest] = arm.link.asked
    assert asked[-1].epoch > asked[0].epoch


@pytest.mark.parametrize("changed", [{"stall": "It stood still."}, {"in_trouble": True}])
def test_after_an_interruption_the_policy_looks_again_before_it_moves_the_arm(
    changed: dict[str, object],
) -> None:
    arm = Arm(towards(np.array([60, 0], np.float32)))
    arm.run(20)
    arm.link.policy = at(-30, 0)
    arm.run(1, **changed)
    assert largest_step(arm.run(3)) == 0
    assert largest_step(arm.run(30)) == BOUNDS.ramp_step


def test_nothing_is_asked_of_a_state_that_was_not_measured() -> None:
    arm = Arm(at(10, 0))
    arm.run(10, state_valid=False)
    assert arm.link.asked == []


def test_stop_and_go_holds_while_the_policy_thinks() -> None:
    arm = Arm(towards(np.array([90, 0], np.float32), horizon=10), latency=24, stop_and_go=True)
    arm.run(24 + 10 + 25 + 10)
    assert [each.tick for each in arm.link.asked] == [0, 10]
    assert arm.source.counts.accepted == 2
    assert arm.source.counts.outdated == arm.source.counts.late == 0
    assert arm.source.complaint is None


def test_chunks_that_cannot_bridge_the_latency_are_told() -> None:
    arm = Arm(at(1, 0, horizon=10), latency=8)
    arm.run(30)
    assert arm.source.complaint is not None
    assert arm.source.complaint.startswith("The policy takes up to 0.3 s for chunks of 0.3 s")


def test_the_task_is_done_when_the_policy_says_so_and_not_when_it_begins_again() -> None:
    arm = Arm(at(1, 0, horizon=10))
    arm.run(8)
    assert not arm.source.is_done
    arm.link.done = True
    arm.run(12)
    assert arm.source.is_done
    arm.link.done = False
    arm.driving.resume()
    arm.run(1)
    assert not arm.source.is_done
