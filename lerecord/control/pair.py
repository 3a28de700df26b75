"""A follower with its leader, if it has one, and what becomes of them when one is not heard."""

import contextlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lerecord.arms import Follower, Leader
from lerecord.errors import LerecordError
from lerecord.motors import BusCounters, BusError, PortLostError, ServoAlertError, ServoError


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
            if self.error is None:
                return (
                    f"The {self.name} has not been read for {silent_s:.1f} s, as lerecord itself "
                    f"stood still: bring it to the foreground (`fg`), and close what keeps this "
                    f"machine busy."
                )
            return f"The {self.name} has been silent for {silent_s:.1f} s. {self.error}"
        return None


class Pair:
    """A follower and its leader; None where something else drives."""

    def __init__(self, name: str, leader: Leader | None, follower: Follower) -> None:
        self.name = name
        self.leader = None if leader is None else WatchedArm(f"{name} leader", leader)
        self.follower = WatchedArm(f"{name} follower", follower)
        self.arms = (self.follower,) if self.leader is None else (self.leader, self.follower)
        self._asker = "source" if self.leader is None else self.leader.name
        self.follower_driver = follower
        self.joints = follower.joints
        self.holds = False
        """Torque was put on."""
        self._limp: tuple[str, ...] = ()

    @property
    def drivers(self) -> dict[str, Leader]:
        """Those of its arms, by role."""
        leader = {} if self.leader is None else {"leader": self.leader.driver}
        return {**leader, "follower": self.follower_driver}

    def examine(self) -> None:
        """Check the arms; nothing moves, and nothing that lasts is written."""
        for arm in self.arms:
            arm.driver.examine()

    def connect(self, now: float) -> None:
        """Connect the arms; the follower stands where it was found, and parks there at the end."""
        for arm in self.arms:
            arm.connect(now)
        self.holds = True
        self.requested = self.arms[0].reading
        self.action = self.park_pose = self.follower.reading

    @property
    def leader_pose(self) -> NDArray[np.float32]:
        """Where the leader is (D,); NaN when there is none or it was not heard in this tick."""
        if self.leader is None:
            return np.full_like(self.follower.reading, np.nan)
        heard = self.leader.error is None and self.leader.connected
        return self.leader.reading if heard else np.full_like(self.leader.reading, np.nan)

    def follow(
        self, goal: NDArray[np.float32], max_step: float, now: float, max_silence_s: float
    ) -> bool:
        """Send the follower towards a goal; False when it was not sent.

        A goal with a NaN moves nothing, and nothing moves a follower in trouble: it holds.
        """
        if np.isnan(goal).any():
            return False
        self.requested = goal
        if self._limp or self.follower.trouble(now, max_silence_s) is not None:
            return False
        return self.command(goal, max_step)

    @property
    def reachable(self) -> NDArray[np.float64]:
        """What was asked for, as far as the follower may go (D,)."""
        return self.follower_driver.reachable(self.requested)

    @property
    def apart(self) -> NDArray[np.float64]:
        """Units between the goal that was sent and what was asked for within reach (D,)."""
        return np.abs(self.action - self.reachable)

    def jump(self, farthest: float) -> str | None:
        """Which joint moved farther than that since the reading before, in words; None if none."""
        for arm in self.arms:
            at = int(arm.moved.argmax())
            if arm.moved[at] > farthest:
                return (
                    f"{self.joints[at]} of the {arm.name} jumped by {arm.moved[at]:.0f} units "
                    f"from one reading to the next."
                )
        return None

    def limited(self, tolerance: float) -> str | None:
        """Which joint is asked to go beyond what the follower may do, in words; None if none."""
        reachable = self.reachable
        at = int(np.abs(self.requested - reachable).argmax())
        asked, limit = float(self.requested[at]), float(reachable[at])
        if abs(asked - limit) <= tolerance:
            return None
        most = "at least" if limit > asked else "at most"
        return (
            f"{self.joints[at]} of the {self._asker} is at {asked:.1f}, and the limits or the "
            f"calibrated range of the {self.follower.name} keep it {most} {limit:.1f}: it follows "
            f"up to there."
        )

    def lag(self) -> str:
        """How far the follower still is from where it is asked to be, in words."""
        at = int(self.apart.argmax())
        return (
            f"{self.joints[at]} of the {self.follower.name} is still {self.apart[at]:.1f} units "
            f"from where the {self._asker} wants it."
        )

    @property
    def caution(self) -> str | None:
        """Which servo of its arms is about to switch itself off, in words; None when none is."""
        return next((each for arm in self.arms if (each := arm.driver.caution)), None)

    @property
    def is_limp(self) -> bool:
        """Some joints of the follower are limp, under somebody's hand."""
        return bool(self._limp)

    def loosen(self) -> bool:
        """Let one more joint go limp, the outermost first; False when all are."""
        left = self.joints[: len(self.joints) - len(self._limp)]
        if not left:
            return False
        self._limp = (left[-1], *self._limp)  # also when its bus fails: it may be
        try:
            self.follower_driver.loosen(left[-1:])
        except BusError as error:
            self.follower.error = error
        return len(left) > 1

    def stiffen(self) -> bool:
        """Hold the follower where it is now; False when that fails, which is then in trouble."""
        try:
            self.follower_driver.hold_here()
        except LerecordError as error:
            self.follower.error, self.follower.connected = error, False
            return False
        self._limp = ()
        self.follower.error = None
        self.action = self.follower.reading
        return True

    def command(self, goal: NDArray[np.float32], max_step: float) -> bool:
        """Send the follower towards a goal; False when its bus failed."""
        return self._sent(lambda: self.follower_driver.command(goal, max_step))

    def park(self, max_step: float) -> bool:
        """Send the follower towards where it was found; False when it was not."""
        return not self._limp and self._sent(
            lambda: self.follower_driver.park(self.park_pose, max_step)
        )

    @property
    def from_parked(self) -> float:
        """Units between the goal that was sent and where the follower was found."""
        return float(np.abs(self.action - self.park_pose).max())

    def _sent(self, send: Callable[[], NDArray[np.float32]]) -> bool:
        try:
            self.action = send()
        except BusError as error:
            self.follower.error = error
            return False
        return True

    def connect_again(self, arm: WatchedArm, now: float) -> None:
        """Try once to reach an arm that is in trouble; goals start where it now stands."""
        if arm.connect_again(now) and arm is self.follower:
            self.action, self._limp = arm.reading, ()

    @property
    def counters(self) -> tuple[BusCounters, ...]:
        """What its buses have seen."""
        return tuple(arm.driver.counters for arm in self.arms)
