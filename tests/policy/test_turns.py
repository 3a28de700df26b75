"""Who drives in a rollout, in virtual ticks and without an arm."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.control import Bounds, Driver, Observation
from lerecord.pacing import Tick
from lerecord.policy import PolicySource, QueueSettings, Safety, Turn, Turns
from lerecord.recording.session import Command, Phase
from tests.scripted_policy import ScriptedLink, towards

DT = 1 / 30
BOUNDS = Bounds(ramp_step=2.0, max_step=13.0, tolerance=3.0)
GRIPPERS = np.array([False, False, True])
FULL = np.full(3, BOUNDS.max_step, np.float32)
Pose = NDArray[np.float32]


def pose(*values: float) -> Pose:
    return np.array(values, np.float32)


class Rollout:
    """A follower that goes where it is sent, a leader that a test moves, a policy that goes on."""

    def __init__(self, leaders: bool = True) -> None:
        self.link = ScriptedLink(towards(pose(80, -40, 10), step=2.0))
        self.turned: list[Turn] = []
        safety = Safety(BOUNDS, lambda values: values, GRIPPERS)
        policy = PolicySource(self.link, QueueSettings(DT, FULL, GRIPPERS))
        self.turns = Turns(policy, safety, leaders, self.turned.append)
        self.goal = self.leader = pose(0, 0, 50)
        self.path, self.drivers = [self.goal], [Driver.NOBODY]
        self.shown = self.goal
        self._tick = 0

    def run(self, ticks: int, until: Callable[[], bool] = lambda: False) -> list[Pose]:
        """Goals, the one before the first included."""
        first = len(self.path) - 1
        for _ in range(ticks):
            now = self._tick * DT
            told = Observation(Tick(self._tick, now, now, 0), self.goal, self.leader, self.goal)
            goal = self.turns.next(told)
            self._tick += 1
            if goal.action is not None:
                self.shown = goal.action.values
                step = np.clip(goal.action.values - self.goal, -goal.max_step, goal.max_step)
                self.goal = (self.goal + step).astype(np.float32)
            self.path.append(self.goal)
            self.drivers.append(Driver.NOBODY if goal.action is None else goal.action.driver)
            if until():
                break
        return self.path[first:]

    def turn(self) -> Turn:
        return self.turns.turn

    def start(self) -> None:
        """As a session does that begins a take."""
        self.turns.enter(Phase.RESETTING)
        self.run(5)
        self.turns.enter(Phase.CATCHING_UP)
        self.run(30, until=lambda: self.turns.arrived)
        assert self.turns.arrived
        self.turns.enter(Phase.RECORDING)
        self.run(10)


def largest_step(path: list[Pose]) -> float:
    return float(np.abs(np.diff(np.array(path), axis=0)).max())


def test_between_rollouts_the_followers_follow_the_leaders_and_no_take_begins() -> None:
    rollout = Rollout()
    rollout.turns.enter(Phase.RESETTING)
    rollout.leader = pose(20, 0, 50)
    rollout.run(20)
    assert rollout.goal.tolist() == [20, 0, 50]
    assert not rollout.turns.arrived  # a take has to wait for the policy
    assert rollout.link.asked == []


def test_without_leaders_the_followers_go_back_to_where_they_were_found() -> None:
    rollout = Rollout(leaders=False)
    rollout.leader = pose(*[np.nan] * 3)
    rollout.start()
    assert rollout.goal[0] > 5
    rollout.turns.enter(Phase.RESETTING)
    assert largest_step(rollout.run(60)) == BOUNDS.ramp_step
    np.testing.assert_allclose(rollout.goal, [0, 0, 50], atol=BOUNDS.tolerance)
    rollout.turns.take_over()
    assert rollout.turn() is Turn.BETWEEN


def test_how_well_the_policy_keeps_up_is_known() -> None:
    rollout = Rollout()
    rollout.start()
    before = rollout.turns.policy_health()
    rollout.link.policy = lambda request, observation: None
    rollout.run(100)
    after = rollout.turns.policy_health()
    assert before.held_ticks == 0
    assert 0 < after.held_ticks < 100
    assert after.latency_s == before.latency_s


def test_a_person_takes_over_and_gives_back_without_a_jump() -> None:
    rollout = Rollout()
    rollout.start()
    rollout.leader = pose(-60, 30, 50)
    rollout.turns.take_over()
    held = rollout.run(20)
    assert largest_step(held) == 0
    assert rollout.turn() is Turn.ALIGN
    assert rollout.shown.tolist() == rollout.leader.tolist()  # beside the followers

    rollout.leader = rollout.goal + pose(1, -1, -30)  # the trigger has sprung back
    aligned = rollout.run(20)
    assert rollout.turn() is Turn.PERSON
    assert largest_step(aligned) <= BOUNDS.ramp_step
    rollout.leader = rollout.goal + pose(10, 0, 0)
    assert largest_step(rollout.run(1)) == 10
    assert rollout.drivers[-1] is Driver.CORRECTION

    given_back = len(rollout.path)
    rollout.turns.resume()
    back = rollout.run(4)
    assert largest_step(back) <= BOUNDS.ramp_step
    rollout.run(20)
    assert largest_step(rollout.path[given_back - 1 :]) <= 4.0
    assert rollout.drivers[-2:] == [Driver.POLICY, Driver.POLICY]
    assert rollout.turned == [Turn.POLICY, Turn.ALIGN, Turn.PERSON, Turn.POLICY]


@pytest.mark.parametrize("leader", [pose(np.nan, 0, 0), pose(np.nan, np.nan, np.nan)])
def test_a_leader_that_is_not_heard_takes_nothing_over(leader: Pose) -> None:
    rollout = Rollout()
    rollout.start()
    rollout.leader = leader
    rollout.turns.take_over()
    assert largest_step([*rollout.path[-1:], rollout.goal]) == 0
    before = rollout.goal
    for _ in range(5):
        rollout.run(1)
        rollout.goal = before
    assert rollout.turn() is Turn.ALIGN


@pytest.mark.parametrize("phase", [Phase.ASKING, Phase.CONFIRMING])
def test_while_a_question_waits_nobody_drives(phase: Phase) -> None:
    rollout = Rollout()
    rollout.start()
    rollout.turns.enter(phase)
    assert largest_step(rollout.run(10)) == 0
    assert rollout.turn() is Turn.HOLD


def test_a_hold_in_a_rollout_ends_with_the_policy_or_with_a_person() -> None:
    rollout = Rollout()
    rollout.start()
    rollout.turns.hold()
    assert largest_step(rollout.run(10)) == 0
    rollout.turns.resume()
    rollout.run(15)
    assert rollout.turn() is Turn.POLICY
    assert rollout.goal[0] > rollout.path[-16][0]
    rollout.turns.hold()
    rollout.turns.take_over()
    rollout.leader = rollout.goal
    rollout.run(3)
    assert rollout.turn() is Turn.PERSON


def test_driving_without_a_take_goes_on_with_whoever_drives() -> None:
    rollout = Rollout()
    rollout.turns.enter(Phase.DRIVING)
    assert rollout.turn() is Turn.POLICY
    rollout.turns.take_over()
    rollout.turns.enter(Phase.DRIVING)
    assert rollout.turn() is Turn.ALIGN


def test_a_take_is_saved_when_the_policy_says_that_the_task_is_done() -> None:
    rollout = Rollout()
    rollout.start()
    assert rollout.turns.poll() is None
    rollout.link.done = True
    rollout.run(40)
    assert rollout.turns.poll() is Command.SAVE
    rollout.turns.take_over()
    assert rollout.turns.poll() is None


def test_grabbing_a_leader_that_rested_takes_over() -> None:
    rollout = Rollout()
    rollout.start()
    rollout.run(30)  # the leaders rest
    rollout.leader = rollout.leader + pose(7, -7, 50)
    rollout.run(5)
    assert rollout.turn() is Turn.POLICY
    rollout.leader = rollout.leader + pose(3, 0, 0)
    assert largest_step(rollout.run(2)[1:]) == 0
    assert rollout.turn() is Turn.ALIGN


def test_a_leader_that_is_let_go_after_giving_back_takes_nothing_over() -> None:
    rollout = Rollout()
    rollout.start()
    for _ in range(20):  # it falls, and then rests
        rollout.leader = rollout.leader + pose(0, 4, 0)
        rollout.run(1)
    rollout.run(60)
    assert rollout.turn() is Turn.POLICY


def test_a_leader_that_is_not_heard_is_not_grabbed() -> None:
    rollout = Rollout()
    rollout.start()
    rollout.run(40)
    rollout.leader = pose(np.nan, 0, 0)
    rollout.run(1)
    rollout.leader = pose(30, 30, 30)
    rollout.run(1)
    assert rollout.turn() is Turn.POLICY
