"""The small world: a leader, a follower, a table, a paper box and the square it belongs on.

Metres; the table is z = 0. The world knows no clock: `advance(now)` brings it to a time. What the
person's hand does with the leader comes from outside, as a function of that time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lerecord.simulator.rigs import GRIPPER, RIGS, Chain, Point, Pose, Rig, Vector, forward

BOX_SIDE = 0.036
GRIPPER_SPAN = 0.09  # between the fingers when open
TARGET = (0.165, -0.125)
TARGET_SIDE = 0.075
ON_TARGET_M = 0.03
_NEAREST, _FARTHEST, _WIDEST = 0.165, 0.245, math.radians(58.0)  # where the box may lie
_CLEAR_OF_TARGET = 0.09
_REACHES = (0.022, 0.022, 0.028)  # how far off the tips' middle, along the hand's axes, it grips
_SQUEEZE = 0.001
_LETS_GO = 0.002
_GRAVITY = 9.81


@dataclass(frozen=True, slots=True)
class Grip:
    """What the hand does with the leader at an instant.

    Attributes:
        pose: where it holds the joints.
        pressing: True when a finger is on the trigger; a trigger without torque is held anyway.
    """

    pose: Pose
    pressing: bool


class Box:
    """The paper box: on the table, in the hand, or falling.

    Attributes:
        centre: (3,) its centre.
        axes: (3, 3) its axes as columns.
    """

    def __init__(self) -> None:
        self.centre: Vector = np.zeros(3)
        self.axes: Vector = np.eye(3)
        self._in_hand: tuple[Vector, Vector] | None = None
        self._falls: tuple[float, float] | None = None  # from that height, since that time

    @property
    def held(self) -> bool:
        """True while it moves with the hand."""
        return self._in_hand is not None

    @property
    def place(self) -> Point:
        """Its centre, as plain numbers."""
        x, y, z = self.centre.tolist()
        return (x, y, z)

    def flat_place(self) -> tuple[float, float, float]:
        """Its x, y and yaw."""
        x, y, _ = self.place
        return x, y, _yaw(self.axes)

    def put(self, x: float, y: float, yaw: float) -> None:
        """Put it flat on the table."""
        self._in_hand = self._falls = None
        self.centre = np.array([x, y, BOX_SIDE / 2.0])
        self.axes = _turned(yaw)

    def push(self, chain: Chain, slack: float) -> None:
        """The fingers leave it only that much play on either side: it slides over the table."""
        off = chain.in_hand(self.place)[0]
        beyond = off - min(max(off, -slack), slack)
        self.centre = self.centre - beyond * np.array((*chain.across[:2], 0.0))

    def take(self, chain: Chain) -> None:
        """From now on it moves with the hand."""
        self._falls = None
        self._in_hand = (np.array(chain.in_hand(self.place)), chain.hand().T @ self.axes)

    def release(self, now: float) -> None:
        """It leaves the hand, level, and drops."""
        self._in_hand = None
        self._falls = (float(self.centre[2]), now)
        self.axes = _turned(_yaw(self.axes))

    def follow(self, chain: Chain, now: float) -> None:
        """Bring it to where the hand or gravity has it now."""
        if self._in_hand is not None:
            place, axes = self._in_hand
            hand = chain.hand()
            self.centre, self.axes = np.array(chain.tip) + hand @ place, hand @ axes
            self.centre[2] = max(self.centre[2], BOX_SIDE / 2.0)
        elif self._falls is not None:
            height = self._falls[0] - 0.5 * _GRAVITY * (now - self._falls[1]) ** 2
            self.centre[2] = max(height, BOX_SIDE / 2.0)
            if height <= BOX_SIDE / 2.0:
                self._falls = None


class World:
    """Everything that moves.

    Args:
        seed: of the box's places.
        rig: the arms.

    Attributes:
        hand: what the person's hand does at a time; None when it keeps the leader where it is.
        guide: what a hand does with the follower; None when none is there.
        target: (x, y) of the middle of the square.
    """

    target = TARGET

    def __init__(self, seed: int, rig: Rig = RIGS["koch"]) -> None:
        self.leader = rig.leader()
        self.follower = rig.follower()
        for arm in (self.leader, self.follower):
            arm.calibrate()
        self.box = Box()
        self.hand: Callable[[float], Grip] | None = None
        self.guide: Callable[[float], Grip] | None = None
        self._guided = False
        self._random = np.random.default_rng(seed)
        self._held_pose = self.leader.pose()
        self.place_box()

    def place_box(self) -> None:
        """Put the box to a new random place, away from the target."""
        while True:
            radius = self._random.uniform(_NEAREST, _FARTHEST)
            angle = self._random.uniform(-_WIDEST, _WIDEST)
            x, y = radius * math.cos(angle), radius * math.sin(angle)
            if math.hypot(x - TARGET[0], y - TARGET[1]) > _CLEAR_OF_TARGET:
                self.box.put(x, y, self._random.uniform(-math.pi / 4.0, math.pi / 4.0))
                return

    def box_to_target(self) -> float:
        """Metres from the box to the middle of the square, over the table."""
        return math.hypot(self.box.centre[0] - TARGET[0], self.box.centre[1] - TARGET[1])

    def box_on_target(self) -> bool:
        """True when the box lies on the square."""
        lies = not self.box.held and float(self.box.centre[2]) <= BOX_SIDE / 2.0 + 1e-6
        return lies and self.box_to_target() <= ON_TARGET_M

    def advance(self, now: float) -> None:
        """Bring the world to a time."""
        self._move_hand(now)
        chain = forward(self.follower.pose())
        between = self._between_fingers(chain)
        gripper = self.follower.servos[GRIPPER]
        mount = self.follower.mounts[GRIPPER]
        stop = (BOX_SIDE - _SQUEEZE) / GRIPPER_SPAN if between else 0.0
        gripper.world.low = mount.shaft(stop)
        for servo in (*self.leader.servos, *self.follower.servos):
            servo.advance(now)
        self._move_box(now, between)

    def _move_hand(self, now: float) -> None:
        grip = Grip(self._held_pose, False) if self.hand is None else self.hand(now)
        self._held_pose = grip.pose
        for joint, coordinate in enumerate(grip.pose):
            self.leader.hold(joint, coordinate)
        if not grip.pressing and self.leader.servos[GRIPPER].torque:
            self.leader.hold(GRIPPER, None)
        self._guide_follower(now)

    def _guide_follower(self, now: float) -> None:
        if self.guide is not None:
            for joint, coordinate in enumerate(self.guide(now).pose):
                self.follower.hold(joint, coordinate)
        elif self._guided:
            for joint in range(len(self.follower.servos)):
                self.follower.hold(joint, None)
        self._guided = self.guide is not None

    def _between_fingers(self, chain: Chain) -> bool:
        """True when closing fingers meet the box."""
        if self.box.held:
            return True
        opening = self.follower.pose()[GRIPPER] * GRIPPER_SPAN
        if opening < BOX_SIDE - 2.0 * _SQUEEZE:
            return False
        off = chain.in_hand(self.box.place)
        return all(abs(away) <= reach for away, reach in zip(off, _REACHES, strict=True))

    def _move_box(self, now: float, between: bool) -> None:
        pose = self.follower.pose()
        chain, opening = forward(pose), pose[GRIPPER] * GRIPPER_SPAN
        if self.box.held and opening > BOX_SIDE + _LETS_GO:
            self.box.follow(chain, now)
            self.box.release(now)
        elif not self.box.held and between:
            self.box.push(chain, max(opening - BOX_SIDE, 0.0) / 2.0)
            if opening <= BOX_SIDE:
                self.box.take(chain)
        self.box.follow(chain, now)


def _turned(yaw: float) -> Vector:
    cosine, sine = math.cos(yaw), math.sin(yaw)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _yaw(axes: Vector) -> float:
    """Yaw of the axis that lies most level."""
    level = int(np.argmin(np.abs(axes[2])))
    return math.atan2(axes[1, level], axes[0, level])
