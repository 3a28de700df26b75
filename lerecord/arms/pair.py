"""A leader and the follower that copies it, and what becomes of them when one is not heard."""

import contextlib

import numpy as np
from numpy.typing import NDArray

from lerecord.arms.arm import Follower, Leader
from lerecord.errors import LerecordError
from lerecord.motors.bus import (
    BusCounters,
    BusError,
    PortLostError,
    ServoAlertError,
    ServoError,
)


class WatchedArm:
    """An arm with the last thing it said, and when."""

    def __init__(self, name: str, driver: Leader) -> None:
        self.name = name
        self.driver = driver
        self.heard_at = 0.0
        self.reading: NDArray[np.float32] = np.zeros(0, np.float32)
        self.moved: NDArray[np.float32] = np.zeros(0, np.float32)
        """How far each joint was from the reading before, (D,); 0 when there is no new reading."""
        self.error: LerecordError | None = None
        """Why the last read failed; None when it did not."""
        self.connected = False
        """The driver is set up; a port that was lost since says so when it is used."""

    @property
    def is_gone(self) -> bool:
        """Nothing but connecting again can bring it back."""
        return not self.connected or isinstance(self.error, PortLostError)

    def connect(self, now: float) -> None:
        """Connect and take the first reading."""
        self.driver.connect()
        self.reading = self.driver.read()
        self.moved = np.zeros_like(self.reading)
        self.heard_at = now
        self.error = None
        self.connected = True

    def connect_again(self, now: float) -> bool:
        """Try once; False when it is still not there."""
        if self.connected and isinstance(self.error, ServoAlertError):
            return False  # still on the wire: it is to be switched off first, and then is silent
        self.connected = False
        with contextlib.suppress(BusError):  # the port is let go of all the same
            self.driver.disconnect()
        try:
            self.connect(now)
        except LerecordError as error:
            self.error = error
            return False
        return True

    def ask(self) -> None:
        """Send for the next reading."""
        if self.connected:
            self.driver.ask()

    def read(self, now: float) -> bool:
        """Take a reading; False keeps the last one."""
        before, self.moved = self.reading, np.zeros_like(self.reading)
        if not self.connected:
            return False
        try:
            self.reading = self.driver.read()
        except BusError as error:
            self.error = error
            return False
        self.moved = np.abs(self.reading - before)
        self.heard_at = now
        self.error = None
        return True

    def trouble(self, now: float, max_silence_s: float) -> str | None:
        """What a servo reports, or that nothing was heard for too long; None when all is well."""
        if isinstance(self.error, ServoError) or not self.connected:
            return f"The {self.name} cannot go on. {self.error}"
        if now - self.heard_at > max_silence_s:
            silent_s = now - self.heard_at
            return f"The {self.name} has been silent for {silent_s:.1f} s. {self.error}"
        return None


class Pair:
    """A leader and its follower."""

    def __init__(self, name: str, leader: Leader, follower: Follower) -> None:
        self.leader = WatchedArm(f"{name} leader", leader)
        self.follower = WatchedArm(f"{name} follower", follower)
        self.follower_driver = follower
        self.joints = follower.joints
        self.holds = False
        """Torque was put on."""
        self._leader_read = False

    def examine(self) -> None:
        """Check both arms; nothing moves, and nothing that lasts is written."""
        self.leader.driver.examine()
        self.follower.driver.examine()

    def connect(self, now: float) -> None:
        """Connect both arms; the follower stands where it was found, and parks there at the end."""
        self.leader.connect(now)
        self.follower.connect(now)
        self.holds = True
        self.requested = self.leader.reading
        self.action = self.park_pose = self.follower.reading

    def read(self, now: float) -> bool:
        """Read both; True when both were read."""
        measured = self.follower.read(now)
        self._leader_read = self.leader.read(now)
        if self._leader_read:
            self.requested = self.leader.reading
        return self._leader_read and measured

    def follow(self, max_step: float, now: float, max_silence_s: float) -> bool:
        """Send the follower towards the pose that was just read; False when it was not sent.

        A leader that is not heard moves nothing, and nothing moves a follower in trouble: it holds
        the last goal.
        """
        if not self._leader_read or self.follower.trouble(now, max_silence_s) is not None:
            return False
        return self.command(self.requested, max_step)

    @property
    def reachable(self) -> NDArray[np.float64]:
        """What the leader asks for, as far as the follower may go (D,)."""
        return self.follower_driver.reachable(self.requested)

    @property
    def apart(self) -> NDArray[np.float64]:
        """Units between the goal that was sent and what the leader asks for within reach (D,)."""
        return np.abs(self.action - self.reachable)

    def is_at(self, pose: NDArray[np.float32], tolerance: float) -> bool:
        """The goal that was sent is that pose, as far as the follower may go."""
        apart = np.abs(self.action - self.follower_driver.reachable(pose))
        return bool(apart.max() <= tolerance)

    def jump(self, farthest: float) -> str | None:
        """Which joint moved farther than that since the reading before, in words; None if none."""
        for arm in (self.leader, self.follower):
            at = int(arm.moved.argmax())
            if arm.moved[at] > farthest:
                return (
                    f"{self.joints[at]} of the {arm.name} jumped by {arm.moved[at]:.0f} units "
                    f"from one reading to the next."
                )
        return None

    def limited(self, tolerance: float) -> str | None:
        """Which joint of the leader is beyond what the follower may do, in words; None if none."""
        reachable = self.reachable
        at = int(np.abs(self.requested - reachable).argmax())
        asked, limit = float(self.requested[at]), float(reachable[at])
        if abs(asked - limit) <= tolerance:
            return None
        most = "at least" if limit > asked else "at most"
        return (
            f"{self.joints[at]} of the {self.leader.name} is at {asked:.1f}, and the limits or the "
            f"calibrated range of the {self.follower.name} keep it {most} {limit:.1f}: it follows "
            f"up to there."
        )

    def lag(self) -> str:
        """How far the follower still is from its leader, in words."""
        at = int(self.apart.argmax())
        return (
            f"{self.joints[at]} of the {self.follower.name} is still {self.apart[at]:.1f} units "
            f"from where the {self.leader.name} asks it to be."
        )

    def command(self, goal: NDArray[np.float32], max_step: float) -> bool:
        """Send the follower towards a goal; False when its bus failed."""
        try:
            self.action = self.follower_driver.command(goal, max_step)
        except BusError as error:
            self.follower.error = error
            return False
        return True

    def connect_again(self, arm: WatchedArm, now: float) -> None:
        """Try once to reach an arm that is in trouble; goals start where it now stands."""
        if arm.connect_again(now) and arm is self.follower:
            self.action = arm.reading

    @property
    def counters(self) -> tuple[BusCounters, BusCounters]:
        """What its two buses have seen."""
        return self.leader.driver.counters, self.follower_driver.counters
