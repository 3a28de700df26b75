"""The one rule by which a source begins to drive, and the bound of every step.

Whoever takes over finds the followers anywhere. Until they are where the source wants them, they go
at ramp speed; from then on the source may move them at full speed. A pause, a fault or a jump sends
them back to ramp speed, since meanwhile anything may have been moved.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lerecord.control.source import ActionSource, Goal, Observation, Vector


@dataclass(frozen=True, slots=True)
class Bounds:
    """How fast a source may drive.

    Attributes:
        ramp_step: the farthest a joint goes in a tick until the followers have arrived, in units.
        max_step: likewise, from then on.
        tolerance: within which they have arrived.
    """

    ramp_step: float
    max_step: float
    tolerance: float


class Handover:
    """Lets one source drive at a time.

    Args:
        source: who drives first.
        bounds: of every step.
        reachable: (D,) to (D,), a goal to the nearest one that the followers may go to.
    """

    def __init__(
        self,
        source: ActionSource,
        bounds: Bounds,
        reachable: Callable[[Vector], NDArray[np.floating]],
    ) -> None:
        self._bounds = bounds
        self._reachable = reachable
        self._source = source
        self._entered = False
        self._holding = False
        self.arrived = False
        """The followers are where the source wants them: it drives at full speed."""
        self.interruption: str | None = None
        """Why the last tick does not follow on the one before it; None when it does."""

    @property
    def source(self) -> ActionSource:
        """Who drives."""
        return self._source

    def to(self, source: ActionSource) -> None:
        """Let another source drive, from the next tick on; it begins at ramp speed."""
        self._source = source
        self._entered = self.arrived = False

    def hold(self) -> None:
        """Send nothing until `resume`."""
        self._holding = True

    def resume(self) -> None:
        """Let the source go on, from wherever the arms are now and at ramp speed."""
        self._holding = False
        self._entered = self.arrived = False

    def obstacle(self) -> str | None:
        """Nothing keeps a take from being begun once the followers have arrived."""
        return None

    def take_over(self) -> None:
        """Nothing: who drives here is the only one who can."""

    def policy_health(self) -> None:
        """Nothing: no policy drives here."""

    def next(self, observation: Observation) -> Goal:
        """What the followers are to do in this tick."""
        self.interruption = observation.stall or (observation.jump if self.arrived else None)
        if self.interruption is not None or observation.in_trouble:
            self.arrived = False
        bounds = self._bounds
        if self._holding:
            return Goal(None, bounds.ramp_step)
        if not self._entered:
            self._source.enter(observation)
            self._entered = True
        max_step = bounds.max_step if self.arrived else bounds.ramp_step
        action = self._source.next(replace(observation, arrived=self.arrived))
        if action is not None and not self.arrived and self._may_arrive(observation):
            apart = np.abs(observation.goal - self._reachable(action.values))
            self.arrived = bool(apart.max() <= bounds.tolerance)  # never with a NaN among them
        return Goal(action, max_step)

    def _may_arrive(self, observation: Observation) -> bool:
        undisturbed = self.interruption is None and not observation.in_trouble
        return undisturbed and observation.state_valid
