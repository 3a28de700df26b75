"""A workbench: both simulated arms on terminals, and a person's hand on each joint.

The simulated rig's person only ever demonstrates. To calibrate an arm, somebody has to hold it in
the middle of its range and then take every joint to both of its stops: that is this hand.
"""

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from lerecord.simulator.ports import Ports
from lerecord.simulator.rigs import JOINTS, RIGS, Arm, Pose
from lerecord.simulator.scene.demonstrator import minimum_jerk

_MOVE_S = 0.5
_DWELL_S = 0.2  # LeRobot looks about forty times a second


@dataclass(frozen=True, slots=True)
class _Leg:
    start_s: float
    start: Pose
    end: Pose


class HeldArm:
    """One arm on a wire of its own, held by a hand that moves it from pose to pose."""

    def __init__(self, arm: Arm[Any]) -> None:
        self.arm = arm
        self._bus: Any = arm.wire()
        self._lock = threading.Lock()
        self._legs = [_Leg(time.monotonic(), arm.pose(), arm.pose())]
        self._held = True

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Replies to bytes that arrive now, the hand where it is by then."""
        with self._lock:
            self._advance(now)
            replies: bytes = self._bus.feed(data, now, baud)
            return replies

    def positions(self) -> dict[str, int]:
        """What the wire shows of each joint now."""
        with self._lock:
            self._advance(time.monotonic())
            return {
                name: servo.position for name, servo in zip(JOINTS, self.arm.servos, strict=True)
            }

    def move(self, *poses: Pose) -> None:
        """Move through these poses, with a short rest in each; returns when it has arrived."""
        with self._lock:
            self._held = True
            start_s, start = time.monotonic(), self._legs[-1].end
            self._legs = []
            for pose in poses:
                self._legs.append(_Leg(start_s, start, pose))
                start_s, start = start_s + _MOVE_S + _DWELL_S, pose
        time.sleep(max(start_s - time.monotonic(), 0.0))

    def let_go(self) -> None:
        """Take the hand off, until the arm is moved again."""
        with self._lock:
            self._advance(time.monotonic())
            self._held = False
            for joint in range(len(JOINTS)):
                self.arm.hold(joint, None)

    def middle(self) -> Pose:
        """The pose in which the arm's calibration has its joints homed."""
        return tuple(mount.homed for mount in self.arm.mounts)

    def sweep(self) -> list[Pose]:
        """From the middle, each joint with stops to both of them and back."""
        middle = self.middle()
        return [
            (*middle[:joint], coordinate, *middle[joint + 1 :])
            for joint, mount in enumerate(self.arm.mounts)
            if mount.low is not None and mount.high is not None
            for coordinate in (mount.low, mount.high, mount.homed)
        ]

    def _advance(self, now: float) -> None:
        leg = next((leg for leg in reversed(self._legs) if leg.start_s <= now), self._legs[0])
        share = minimum_jerk((now - leg.start_s) / _MOVE_S)
        if self._held:
            for joint, (start, end) in enumerate(zip(leg.start, leg.end, strict=True)):
                self.arm.hold(joint, start + (end - start) * share)
        for servo in self.arm.servos:
            servo.advance(now)


class Bench:
    """A fresh leader and a fresh follower, each held by a hand; ends with the block.

    Attributes:
        arms: by name.
        ports: path of the terminal by arm.
    """

    def __init__(self, rig: str = "koch") -> None:
        made = RIGS[rig]
        self.arms = {"leader": HeldArm(made.leader()), "follower": HeldArm(made.follower())}
        ports = Ports(time.monotonic)
        self.ports = {name: ports.add_terminal(arm) for name, arm in self.arms.items()}
        self._stack = ExitStack()
        self._stack.enter_context(ports)

    def __enter__(self) -> "Bench":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
