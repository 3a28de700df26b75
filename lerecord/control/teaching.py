"""Teaching without a leader: a hand moves the limp follower, which then does it again by itself.

The arm is let go only after the person has said twice that it may be, joint by joint from the
gripper to the base, so that its weight comes into the hand bit by bit. While a hand has it, nothing
is sent; afterwards it is held where it is. A take is the path done again, at ramp speed to where it
begins and then as it was taught.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.control.handover import Bounds, Handover
from lerecord.control.source import Action, Driver, Goal, Observation, Vector
from lerecord.control.taught_path import Path, Taught, path_of

_BETWEEN_JOINTS_S = 0.4


class Limbs(Protocol):
    """What is asked of a rig."""

    @property
    def bounds(self) -> Bounds:
        """Of every step."""
        ...

    @property
    def grippers(self) -> NDArray[np.bool_]:
        """(D,) which joints open and close."""
        ...

    def reachable(self, values: Vector) -> NDArray[np.floating]:
        """(D,) to (D,), a goal to the nearest one that the followers may go to."""
        ...

    def loosen(self) -> bool:
        """Let one more joint of each follower go limp; False when all are."""
        ...

    def stiffen(self) -> None:
        """Hold the followers where they are."""
        ...


class Hand(Enum):
    """Where the person's hand is."""

    AWAY = auto()
    COMING = auto()  # the person was told to hold the arm
    LOOSENING = auto()
    TEACHING = auto()


class PathSource:
    """The followers do a path again; it stands still at its beginning until it may run."""

    name = "path"

    def __init__(self) -> None:
        self.path: Path | None = None
        self._at = 0
        self._tick: int | None = None
        self._runs = False

    @property
    def is_over(self) -> bool:
        """The end of the path was asked for."""
        return self.path is not None and self._at >= len(self.path) - 1

    def rewind(self) -> None:
        """Stand at the beginning."""
        self._at, self._tick, self._runs = 0, None, False

    def run(self) -> None:
        """Begin; a slot that is missed is skipped."""
        self._runs = True

    def enter(self, observation: Observation) -> None:
        """Go on from where it stands."""
        self._tick = None

    def next(self, observation: Observation) -> Action | None:
        """The goal of this tick."""
        if self.path is None:
            return None
        tick = observation.tick.index
        if self._runs and observation.arrived:
            self._at += 0 if self._tick is None else tick - self._tick
            self._at = min(self._at, len(self.path) - 1)
            self._tick = tick
        return Action(self.path[self._at], Driver.REPLAY)


class Teaching:
    """Drives a session that is taught by hand.

    `take_over`, again and again, leads from one step to the next: the person is told to hold the
    arm; it goes limp; it is held again, and its path is kept for any number of takes.

    Args:
        limbs: the rig.
        fps: ticks a second.
        tell: says a sentence to the person.
    """

    def __init__(self, limbs: Limbs, fps: float, tell: Callable[[str], None]) -> None:
        self.hand = Hand.AWAY
        self.source = PathSource()
        self._limbs = limbs
        self._fps = fps
        self._tell = tell
        self._handover = Handover(self.source, limbs.bounds, limbs.reachable)
        self._ticks: list[int] = []
        self._states: list[Vector] = []
        self._loosen_at = 0
        self.wait()

    @property
    def arrived(self) -> bool:
        """The followers are where the path begins, and may go on."""
        return not self._waits and self._handover.arrived

    @property
    def interruption(self) -> str | None:
        """Why the last tick does not follow on the one before it; None when it does."""
        return None if self.has_arm else self._handover.interruption

    @property
    def has_arm(self) -> bool:
        """The arm is limp, or on its way to be, in the person's hand."""
        return self.hand in (Hand.LOOSENING, Hand.TEACHING)

    def obstacle(self) -> str | None:
        """Why no take can be begun, in a sentence; None when one can."""
        if self.has_arm:
            return "The arm is limp: press t when the path is done, and only then Enter."
        if self.source.path is None:
            return "Nothing has been taught yet: press t to begin."
        return None

    def next(self, observation: Observation) -> Goal:
        """Where the path wants the followers; nothing while a hand has them."""
        if not self.has_arm:
            return self._handover.next(observation)
        if observation.in_trouble:
            self._end("What was taught is dropped: an arm is in trouble.")
        elif self.hand is Hand.TEACHING:
            if observation.state_valid:
                self._ticks.append(observation.tick.index)
                self._states.append(observation.state)
        elif observation.tick.index >= self._loosen_at:
            self._loosen_at = observation.tick.index + round(_BETWEEN_JOINTS_S * self._fps)
            if not self._limbs.loosen():
                self.hand = Hand.TEACHING
                self._tell("The arm is limp. Do the task with it, and press t when it is done.")
        return Goal(None, 0.0)

    def take_over(self) -> None:
        """The next step of teaching."""
        if self.hand is Hand.AWAY:
            self.hand = Hand.COMING
            self._tell(
                "Hold the arm as it stands, and press t again: then it goes limp, from the "
                "gripper to the base."
            )
        elif self.hand is Hand.COMING:
            self.hand, self._loosen_at = Hand.LOOSENING, 0
            self._ticks, self._states = [], []
            self._tell("The arm is going limp: keep holding it.")
        elif self.hand is Hand.LOOSENING:
            self._end("The arm is held again; nothing was taught.")
        else:
            self._keep()

    def go(self) -> None:
        """Bring the followers to where the path begins."""
        self.hand = Hand.AWAY
        self._waits = False
        self._handover.resume()

    def run(self) -> None:
        """Let them do it."""
        self.source.run()

    def wait(self) -> None:
        """Send nothing; the next time the path begins anew."""
        self._waits = True
        self._handover.hold()
        self.source.rewind()

    def hold(self) -> None:
        """As `wait`: a path that was interrupted does not go on in the middle."""
        self.wait()

    def resume(self) -> None:
        """Nothing: takes say when the path goes on."""

    def policy_health(self) -> None:
        """No policy drives."""

    def _end(self, told: str) -> None:
        self._limbs.stiffen()
        self.hand = Hand.AWAY
        self._tell(told)

    def _keep(self) -> None:
        path = None
        if self._ticks:
            taught = Taught(np.array(self._ticks), np.array(self._states), self._limbs.grippers)
            path = path_of(taught, self._limbs.bounds.max_step, self._fps)
        if path is None:
            self._end("The arm is held again; it was not moved, and nothing was taught.")
            return
        reached = [self._limbs.reachable(each) for each in path]
        self.source.path = np.array(reached, np.float32)
        seconds = len(path) / self._fps
        self._end(
            f"The arm is held; a path of {seconds:.1f} s is kept. Take your hands away: Enter "
            f"brings it to where the path begins and records it, as often as you like; t teaches "
            f"another one."
        )
