"""The person's hand, scripted: it moves the leader to grab the box and put it on the square.

A motion is a pure function of time, with a continuous speed and acceleration in every joint and in
the trigger, as a hand has. It waits for nothing that the follower does: whether the box arrives
depends on what comes over the follower's wire.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lerecord.simulator.rigs import GRIPPER, Pose, inverse
from lerecord.simulator.scene.world import TARGET, Grip

HOME: Pose = (*map(math.radians, (0.0, -30.0, 115.0, 45.0, 0.0)), 1.0)
RESET_S = 1.5
_ALIGN_S, _WAIT_S = 1.0, 0.8
_LIMP_S = 4.0  # until every joint has been let go
_PITCH = math.radians(162.0)  # of the hand while it works over the table
_ABOVE, _GRASP, _PLACE = 0.11, 0.018, 0.021  # heights of the finger tips
_CLOSED, _OPEN = 0.12, 0.7  # of the trigger; the box stops the follower's fingers before that
_TREMOR_RAD, _TREMOR_TRIGGER = 0.0025, 0.01
_TREMOR_RISE_S = 0.5
_TREMOR_HZ = (0.9, 1.7, 2.9)
_TREMOR = (*[_TREMOR_RAD] * GRIPPER, _TREMOR_TRIGGER)


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a demonstration.

    Attributes:
        name: what happens.
        duration_s: how long it takes at an even pace.
        place: where the hand is at its end: a key of the places.
        closed: whether the trigger is closed at its end.
    """

    name: str
    duration_s: float
    place: str
    closed: bool


PHASES = (
    Phase("approach", 1.1, "above box", False),
    Phase("descend", 0.75, "at box", False),
    Phase("close", 0.7, "at box", True),
    Phase("lift", 0.65, "above box", True),
    Phase("carry", 1.15, "above target", True),
    Phase("lower", 0.75, "at target", True),
    Phase("open", 0.6, "at target", False),
    Phase("retreat", 0.6, "above target", False),
    Phase("home", 0.9, "home", False),
)


@dataclass(frozen=True, slots=True)
class _Leg:
    start_s: float
    duration_s: float
    start: Pose
    end: Pose


class Motion:
    """Minimum-jerk legs between poses, with a little tremor.

    Args:
        start: pose at time 0.
        stops: duration and pose at the end, leg by leg.
        seed: of the tremor.
        pressing: whether a finger is on the trigger.
    """

    def __init__(
        self,
        start: Pose,
        stops: Sequence[tuple[float, Pose]],
        seed: int,
        pressing: bool,
    ) -> None:
        random = np.random.default_rng(seed)
        self._tremor_phases = random.uniform(0.0, math.tau, (len(_TREMOR_HZ), len(_TREMOR)))
        self._pressing = pressing
        self._legs: list[_Leg] = []
        self.duration_s = 0.0
        for duration_s, end in stops:
            self._legs.append(_Leg(self.duration_s, duration_s, start, end))
            self.duration_s += duration_s
            start = end

    def at(self, elapsed_s: float) -> Grip:
        """What the hand does that long after the beginning."""
        leg = next(
            (leg for leg in self._legs if elapsed_s < leg.start_s + leg.duration_s), self._legs[-1]
        )
        share = minimum_jerk((elapsed_s - leg.start_s) / leg.duration_s)
        pose = [a + (b - a) * share for a, b in zip(leg.start, leg.end, strict=True)]
        for joint, tremble in enumerate(self._tremor(elapsed_s)):
            pose[joint] += tremble
        return Grip(tuple(pose), self._pressing)

    def _tremor(self, elapsed_s: float) -> list[float]:
        """Small turns of the joints and of the trigger, from nothing; letting go ends them.

        A finger that stays on the trigger trembles on: a take that ends a moment after the motion
        would otherwise end in frames that are all the same.
        """
        share = minimum_jerk(elapsed_s / _TREMOR_RISE_S)
        if not self._pressing:
            share *= minimum_jerk((self.duration_s - elapsed_s) / _TREMOR_RISE_S)
        return [
            share
            * size
            / len(_TREMOR_HZ)
            * sum(
                math.sin(math.tau * hertz * elapsed_s + self._tremor_phases[wave, joint])
                for wave, hertz in enumerate(_TREMOR_HZ)
            )
            for joint, size in enumerate(_TREMOR)
        ]


def minimum_jerk(share: float) -> float:
    """Share of the way after a share of the time: smooth in position, speed and acceleration."""
    share = min(max(share, 0.0), 1.0)
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def correction(start: Pose, follower: Pose, box: tuple[float, float, float], seed: int) -> Motion:
    """Bring the leader to where the follower is, wait until it follows, and demonstrate.

    Args:
        start: where the leader is.
        follower: where the follower is.
        box: x, y and yaw of the box on the table.
        seed: of pace and tremor.
    """
    stops = [(_ALIGN_S, follower), (_WAIT_S, follower), *_stops(follower, box, seed)]
    return Motion(start, stops, seed, pressing=True)


def demonstration(start: Pose, box: tuple[float, float, float], seed: int) -> Motion:
    """Grab the box and place it on the target; in the end the trigger is where it was.

    The finger stays on the trigger: let go, it would spring back at once, which no hand does.

    Args:
        start: where the leader is.
        box: x, y and yaw of the box on the table.
        seed: of pace and tremor.
    """
    return Motion(start, _stops(start, box, seed), seed, pressing=True)


def guidance(start: Pose, box: tuple[float, float, float], seed: int) -> Motion:
    """Hold the follower until all of it is limp, then do the task with it.

    Args:
        start: where it is.
        box: x, y and yaw of the box on the table.
        seed: of pace and tremor.
    """
    return Motion(start, [(_LIMP_S, start), *_stops(start, box, seed)], seed, pressing=True)


def _stops(start: Pose, box: tuple[float, float, float], seed: int) -> list[tuple[float, Pose]]:
    x, y, yaw = box
    over_box = (x, y, _ABOVE), (x, y, _GRASP)
    over_target = (*TARGET, _ABOVE), (*TARGET, _PLACE)
    above_box, at_box = (inverse(tip, _PITCH, yaw) for tip in over_box)
    above_target, at_target = (inverse(tip, _PITCH, 0.0) for tip in over_target)
    places = {
        "above box": above_box,
        "at box": at_box,
        "above target": above_target,
        "at target": at_target,
        "home": HOME[:GRIPPER],
    }
    pace = float(np.random.default_rng(seed).uniform(0.9, 1.1))
    *stops, (home_s, home) = (
        (phase.duration_s * pace, (*places[phase.place], _CLOSED if phase.closed else _OPEN))
        for phase in PHASES
    )
    home = (*home[:GRIPPER], start[GRIPPER])
    return [*stops, (home_s, home)]


def return_home(start: Pose, seed: int) -> Motion:
    """Back to the home pose from anywhere."""
    return Motion(start, [(RESET_S, HOME)], seed, pressing=False)
