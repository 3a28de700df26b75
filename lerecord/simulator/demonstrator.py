"""The person's hand, scripted: it moves the leader to grab the box and put it on the square.

A motion is a pure function of time. It waits for nothing that the follower does: whether the box
arrives depends on what comes over the follower's wire.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lerecord.simulator import koch
from lerecord.simulator.kinematics import inverse
from lerecord.simulator.world import TARGET, Grip

HOME: koch.Pose = (*map(math.radians, (0.0, -30.0, 115.0, 45.0, 0.0)), 1.0)
RESET_S = 1.5
_PITCH = math.radians(162.0)  # of the hand while it works over the table
_ABOVE, _GRASP, _PLACE = 0.11, 0.018, 0.021  # heights of the finger tips
_CLOSED, _OPEN = 0.0, 1.0
_TREMOR_RAD = 0.0025
_TREMOR_HZ = (0.9, 1.7, 2.9)


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a demonstration.

    Attributes:
        name: what happens.
        duration_s: how long it takes at an even pace.
        place: where the hand is at its end: a key of the places.
        pressing: True while a finger is on the trigger.
    """

    name: str
    duration_s: float
    place: str
    pressing: bool


PHASES = (
    Phase("approach", 1.2, "above box", False),
    Phase("descend", 0.75, "at box", False),
    Phase("close", 0.6, "at box", True),
    Phase("lift", 0.65, "above box", True),
    Phase("carry", 1.15, "above target", True),
    Phase("lower", 0.75, "at target", True),
    Phase("open", 0.5, "at target", False),
    Phase("retreat", 0.6, "above target", False),
    Phase("home", 1.0, "home", False),
)


@dataclass(frozen=True, slots=True)
class _Leg:
    start_s: float
    duration_s: float
    start: koch.Pose
    end: koch.Pose
    pressing: bool


class Motion:
    """Minimum-jerk legs between poses, with a little tremor.

    Args:
        start: pose at time 0.
        stops: duration, pose at the end and whether the trigger is pressed, leg by leg.
        seed: of the tremor.
    """

    def __init__(
        self, start: koch.Pose, stops: Sequence[tuple[float, koch.Pose, bool]], seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        self._tremor_phases = random.uniform(0.0, math.tau, (len(_TREMOR_HZ), koch.GRIPPER))
        self._legs: list[_Leg] = []
        self.duration_s = 0.0
        for duration_s, end, pressing in stops:
            self._legs.append(_Leg(self.duration_s, duration_s, start, end, pressing))
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
        return Grip(tuple(pose), leg.pressing)

    def _tremor(self, elapsed_s: float) -> list[float]:
        """Small turns of the joints; nothing at both ends."""
        done = min(max(elapsed_s / self.duration_s, 0.0), 1.0)
        size = _TREMOR_RAD * math.sin(math.pi * done) ** 0.5 / len(_TREMOR_HZ)
        return [
            size
            * sum(
                math.sin(math.tau * hertz * elapsed_s + self._tremor_phases[wave, joint])
                for wave, hertz in enumerate(_TREMOR_HZ)
            )
            for joint in range(koch.GRIPPER)
        ]


def minimum_jerk(share: float) -> float:
    """Share of the way after a share of the time: smooth in position, speed and acceleration."""
    share = min(max(share, 0.0), 1.0)
    return share**3 * (10.0 - 15.0 * share + 6.0 * share**2)


def demonstration(start: koch.Pose, box: tuple[float, float, float], seed: int) -> Motion:
    """Grab the box and place it on the target.

    Args:
        start: where the leader is.
        box: x, y and yaw of the box on the table.
        seed: of pace and tremor.
    """
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
        "home": HOME[: koch.GRIPPER],
    }
    pace = float(np.random.default_rng(seed).uniform(0.9, 1.1))
    stops = [
        (
            phase.duration_s * pace,
            (*places[phase.place], _CLOSED if phase.pressing else _OPEN),
            phase.pressing,
        )
        for phase in PHASES
    ]
    return Motion(start, stops, seed)


def return_home(start: koch.Pose, seed: int) -> Motion:
    """Back to the home pose from anywhere."""
    return Motion(start, [(RESET_S, HOME, False)], seed)
