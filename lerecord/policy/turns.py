"""Whose turn it is in a rollout: the policy's, or a person's who corrects it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum, auto

import numpy as np
from numpy.typing import NDArray

from lerecord.control import (
    Action,
    ActionSource,
    Bounds,
    Driver,
    Goal,
    Handover,
    Home,
    Leader,
    Observation,
)
from lerecord.policy.grabbed import Grabbed
from lerecord.policy.source import PolicySource
from lerecord.recording.session import Command, Phase, PolicyHealth

Reachable = Callable[[NDArray[np.float32]], NDArray[np.floating]]


class Turn(StrEnum):
    """Who moves the followers."""

    BETWEEN = auto()  # no rollout: they are brought to where the next one begins
    POLICY = auto()
    HOLD = auto()  # nobody
    ALIGN = auto()  # nobody, until the leaders have been brought to them
    PERSON = auto()


_OF_PHASE = {
    Phase.RESETTING: Turn.BETWEEN,
    Phase.PAUSED: Turn.BETWEEN,
    Phase.CATCHING_UP: Turn.POLICY,
    Phase.DRIVING: Turn.POLICY,
    Phase.ASKING: Turn.HOLD,
    Phase.CONFIRMING: Turn.HOLD,
}
"""What a phase begins with; a phase that is not named changes nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Safety:
    """What of a rig bounds whoever drives it.

    Attributes:
        bounds: of every step.
        reachable: (D,) to (D,), a goal to the nearest one that the followers may go to.
        grippers: (D,) bool; they may be apart from the leader's when a person takes over, since a
            trigger springs back, and close in slowly.
    """

    bounds: Bounds
    reachable: Reachable
    grippers: NDArray[np.bool_]


class Turns:
    """Drives, and learns from the session's phases when it is the policy's turn.

    Whoever is next begins at ramp speed. A person takes over by `take_over`, or by grabbing leaders
    that rested; the followers hold, and move once the leaders are where they are.

    Args:
        policy: whose rollouts they are.
        safety: of the rig.
        leaders: there are some: a person can take over, and moves the followers between rollouts.
        changed: called with each turn that begins.
    """

    def __init__(
        self,
        policy: PolicySource,
        safety: Safety,
        leaders: bool = True,
        changed: Callable[[Turn], None] = lambda turn: None,
    ) -> None:
        self.policy = policy
        self.turn = Turn.BETWEEN
        self._leaders = leaders
        between: ActionSource = Leader() if leaders else Home()
        self._sources: dict[Turn, ActionSource] = {
            Turn.BETWEEN: between,
            Turn.POLICY: policy,
            Turn.PERSON: Leader(Driver.CORRECTION),
        }
        self._safety = safety
        self._grabbed = Grabbed(safety.grippers)
        self._changed = changed
        self._handover = Handover(between, safety.bounds, safety.reachable)
        self._phase: Phase | None = None

    @property
    def arrived(self) -> bool:
        """The followers are where the policy, or a person, wants them in a rollout."""
        return self.turn in (Turn.POLICY, Turn.PERSON) and self._handover.arrived

    @property
    def interruption(self) -> str | None:
        """Why the last tick does not follow on the one before it; None when it does."""
        return self._handover.interruption

    def obstacle(self) -> str | None:
        """Nothing keeps a rollout from being begun."""
        return None

    def policy_health(self) -> PolicyHealth:
        """How well the policy keeps up."""
        counts = self.policy.counts
        dropped = counts.late + counts.outdated + counts.malformed + self.policy.lost
        return PolicyHealth(self.policy.latency_s, counts.starved, dropped)

    def next(self, observation: Observation) -> Goal:
        """Where whoever drives wants the followers."""
        if self.turn is Turn.POLICY and self._grabbed.look(observation.leader):
            self.take_over()
        if self.turn is Turn.ALIGN and self._is_aligned(observation):
            self._begin(Turn.PERSON)
        goal = self._handover.next(observation)
        if self.turn is Turn.ALIGN:  # shown beside the followers, which stay where they are
            return Goal(Action(observation.leader, Driver.NOBODY), 0.0)
        return goal

    def hold(self) -> None:
        """Nobody drives until `resume` or `take_over`."""
        self._begin(Turn.HOLD)

    def resume(self) -> None:
        """It is the policy's turn."""
        self._begin(Turn.POLICY)

    def take_over(self) -> None:
        """It is the person's turn as soon as the leaders are where the followers are."""
        if self._leaders and self.turn in (Turn.POLICY, Turn.HOLD):
            self._begin(Turn.ALIGN)

    def poll(self) -> Command | None:
        """SAVE when the policy, which drives, says that the task is done."""
        is_under_way = self._phase in (Phase.RECORDING, Phase.DRIVING)
        over = is_under_way and self.turn is Turn.POLICY and self.policy.is_done
        return Command.SAVE if over else None

    def enter(self, phase: Phase) -> None:
        """Whoever drives in a phase begins."""
        self._phase = phase
        goes_on = phase is Phase.DRIVING and self.turn is not Turn.BETWEEN
        if (turn := _OF_PHASE.get(phase)) is not None and not goes_on:
            self._begin(turn)

    def _begin(self, turn: Turn) -> None:
        if turn is self.turn:
            return
        self.turn = turn
        self._grabbed.forget()
        if turn in (Turn.HOLD, Turn.ALIGN):
            self._handover.hold()
        else:
            self._handover.to(self._sources[turn])
            self._handover.resume()
        self._changed(turn)

    def _is_aligned(self, observation: Observation) -> bool:
        apart = np.abs(observation.leader - self._safety.reachable(observation.goal))
        near = apart <= self._safety.bounds.tolerance
        return observation.leader_valid and bool((near | self._safety.grippers).all())
