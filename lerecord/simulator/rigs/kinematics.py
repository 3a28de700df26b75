"""Geometry of the simulated arm: joint angles to points in space, and back.

The base stands in the origin; x points forward, y to the left, z up; metres and radians. Angles of
the links are measured from the vertical, forward positive: upper arm `shoulder_lift`, forearm
`+ elbow_flex`, hand `+ wrist_flex` (its pitch: pi points straight down).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHOULDER_HEIGHT = 0.10
UPPER_ARM = 0.14
FOREARM = 0.14
HAND = 0.14  # from the wrist axis to the middle between the finger tips

Vector = NDArray[np.float64]
Point = tuple[float, float, float]


class UnreachableError(ValueError):
    """No joint angles bring the finger tips to that place."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The arm in space.

    Attributes:
        shoulder, elbow, wrist, tip: points.
        plane: horizontal unit vector across the arm's plane, to the left.
        across, palm, pointing: axes of the hand: across the fingers, through the palm, ahead.
    """

    shoulder: Point
    elbow: Point
    wrist: Point
    tip: Point
    plane: Point
    across: Point
    palm: Point
    pointing: Point

    def hand(self) -> Vector:
        """(3, 3) axes of the hand as columns: across, palm, pointing."""
        return np.array((self.across, self.palm, self.pointing)).T

    def in_hand(self, point: Point) -> Point:
        """A point, seen from the tips along the hand's axes."""
        off = (point[0] - self.tip[0], point[1] - self.tip[1], point[2] - self.tip[2])
        return (_dot(self.across, off), _dot(self.palm, off), _dot(self.pointing, off))


def forward(angles: tuple[float, ...]) -> Chain:
    """The arm in space for (shoulder_pan, shoulder_lift, elbow_flex, wrist_flex, wrist_roll)."""
    pan, lift, elbow_flex, wrist_flex, roll = angles[:5]
    ahead, side = math.cos(pan), math.sin(pan)
    shoulder = (0.0, 0.0, SHOULDER_HEIGHT)
    elbow = _along(shoulder, UPPER_ARM, _direction(ahead, side, lift))
    wrist = _along(elbow, FOREARM, _direction(ahead, side, lift + elbow_flex))
    pitch = lift + elbow_flex + wrist_flex
    pointing = _direction(ahead, side, pitch)
    plane = (-side, ahead, 0.0)
    level = _direction(ahead, side, pitch - math.pi / 2.0)  # the palm's axis when roll is 0
    across = _mixed(plane, math.cos(roll), level, math.sin(roll))
    palm = _mixed(level, math.cos(roll), plane, -math.sin(roll))
    tip = _along(wrist, HAND, pointing)
    return Chain(shoulder, elbow, wrist, tip, plane, across, palm, pointing)


def inverse(tip: Point, pitch: float, yaw: float) -> tuple[float, ...]:
    """Joint angles that bring the tips there; raises UnreachableError.

    Args:
        tip: the middle between the finger tips.
        pitch: of the hand.
        yaw: of the fingers' opening direction for a hand that points down; the nearest roll of
            the four that a square box allows is taken.
    """
    pan = math.atan2(tip[1], tip[0])
    radius = math.hypot(tip[0], tip[1]) - HAND * math.sin(pitch)
    height = tip[2] - HAND * math.cos(pitch) - SHOULDER_HEIGHT
    distance = math.hypot(radius, height)
    if not abs(UPPER_ARM - FOREARM) < distance < UPPER_ARM + FOREARM:
        raise UnreachableError(f"The arm does not reach {tip}: its wrist would be {distance} m off")
    corner = (UPPER_ARM**2 + distance**2 - FOREARM**2) / (2.0 * UPPER_ARM * distance)
    lift = math.atan2(radius, height) - math.acos(corner)
    inner = (UPPER_ARM**2 + FOREARM**2 - distance**2) / (2.0 * UPPER_ARM * FOREARM)
    elbow_flex = math.pi - math.acos(inner)
    quarter = math.pi / 2.0
    roll = (pan - yaw + quarter / 2.0) % quarter - quarter / 2.0
    return (pan, lift, elbow_flex, pitch - lift - elbow_flex, roll)


def _direction(ahead: float, side: float, from_vertical: float) -> Point:
    out = math.sin(from_vertical)
    return (out * ahead, out * side, math.cos(from_vertical))


def _along(start: Point, length: float, direction: Point) -> Point:
    return _mixed(start, 1.0, direction, length)


def _mixed(one: Point, share: float, other: Point, other_share: float) -> Point:
    return (
        one[0] * share + other[0] * other_share,
        one[1] * share + other[1] * other_share,
        one[2] * share + other[2] * other_share,
    )


def _dot(one: Point, other: Point) -> float:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
