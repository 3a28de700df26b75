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
        if not self.connected:
            return False
        try:
            self.reading = self.driver.read()
        except BusError as error:
            self.error = error
            return False
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

    def connect(self, now: float) -> None:
        """Connect both arms; the follower stands where it was found, and parks there at the end."""
        self.leader.connect(now)
        self.follower.connect(now)
        self.holds = True
        self.requested = self.leader.reading
        self.action = self.park_pose = self.follower.reading

    def step(self, max_step: float, now: float, max_silence_s: float) -> bool:
        """Read both and pass the leader's pose on; True when everything was read.

        A leader that is not heard moves nothing, and nothing moves a follower in trouble: it holds
        the last goal.
        """
        measured = self.follower.read(now)
        if not self.leader.read(now) or self.follower.trouble(now, max_silence_s) is not None:
            return False
        self.requested = self.leader.reading
        return self.command(self.requested, max_step) and measured

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
