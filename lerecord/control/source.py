"""What passes between the rig and whoever drives it: an observation in, an action out."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.frame import NO_FAULTS, BusFaults, Motion
from lerecord.pacing import Tick

Vector = NDArray[np.float32]


class Driver(IntEnum):
    """Who drove a frame; the numbers are kept in the capture sidecar."""

    LEADER = 0
    REPLAY = 1
    POLICY = 2
    CORRECTION = 3
    NOBODY = 255  # the followers held


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the rig measured in a tick; D joints of all followers.

    Attributes:
        tick: the slot.
        state: (D,) measured positions, in the units of the config.
        leader: (D,) where the leaders are; NaN where one was not heard, all NaN without leaders.
        goal: (D,) where the followers were sent last.
        state_valid: False when a read failed and the last measured state stands in.
        leader_valid: likewise of the leaders.
        motion: what was measured with the state; None when an arm does not measure it.
        bus_s: seconds that reading took.
        retries: tries of servo transactions after the first, since the last tick.
        faults: what went wrong on the buses since the last tick.
        stall: why this observation does not follow on the last one, in words; None when it does.
        jump: which joint moved farther than any hand moves it, in words; None when none did.
        in_trouble: an arm reports a fault or is silent for too long.
        arrived: the followers are where the source wants them; set by the hand-over.
    """

    tick: Tick
    state: Vector
    leader: Vector
    goal: Vector
    state_valid: bool = True
    leader_valid: bool = True
    motion: Motion | None = None
    bus_s: float = 0.0
    retries: int = 0
    faults: BusFaults = NO_FAULTS
    stall: str | None = None
    jump: str | None = None
    in_trouble: bool = False
    arrived: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """Where a source wants the followers to go.

    Attributes:
        values: (D,); a follower with a NaN among its joints holds.
        driver: who asks.
        leader_action: (D,) what a person asked for, if one did.
        policy_action: (D,) what a policy asked for, if one did.
        policy_latency_s: from what the policy saw for it to its answer, if one asked.
    """

    values: Vector
    driver: Driver
    leader_action: Vector | None = None
    policy_action: Vector | None = None
    policy_latency_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """An action with its bound.

    Attributes:
        action: None: hold.
        max_step: how far any joint may move in this tick, in units.
    """

    action: Action | None
    max_step: float


class ActionSource(Protocol):
    """Who drives. A new source is one class; what bounds and eases it in is the hand-over's."""

    name: str
    """As in "the left leader": for sentences."""

    def enter(self, observation: Observation) -> None:
        """It is about to drive: the arms stand as observed."""
        ...

    def next(self, observation: Observation) -> Action | None:
        """The action of this tick; None: hold.

        Until `observation.arrived` the followers are on their way to where it first wanted them: a
        source with a clock of its own lets it stand still.
        """
        ...
