"""All arms of a config as one thing: in each slot the followers go where the leaders are."""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord import drivers
from lerecord.arms.arm import ArmSettings, Follower, Leader
from lerecord.arms.calibration import Calibration
from lerecord.config import HardwareConfig
from lerecord.errors import ConfigError, LerecordError
from lerecord.frame import BusFaults, Frame, Motion
from lerecord.motors.bus import (
    BusCounters,
    BusError,
    PortLostError,
    Retry,
    ServoAlertError,
    ServoError,
)
from lerecord.pacing import Pacer, Tick

_PARKED_WITHIN = 0.5  # units
_PARK_LIMIT_S = 10.0
_RECOVER_EVERY_S = 1.0
_RETRY_SHARE = 0.8  # of a slot: no further try of a read starts later
_RETURN_S, _RETURN_POLL_S = 2.0, 0.2
_SETTLE_S = 0.3  # for the follower to arrive where it was sent before torque goes off

Calibrations = Mapping[str, Mapping[str, Calibration]]
"""Pair name, then "leader" or "follower"."""


class _Arm:
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


class _Pair:
    """A leader and its follower."""

    def __init__(self, name: str, leader: Leader, follower: Follower) -> None:
        self.leader = _Arm(f"{name} leader", leader)
        self.follower = _Arm(f"{name} follower", follower)
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

    def connect_again(self, arm: _Arm, now: float) -> None:
        """Try once to reach an arm that is in trouble; goals start where it now stands."""
        if arm.connect_again(now) and arm is self.follower:
            self.action = arm.reading

    @property
    def counters(self) -> tuple[BusCounters, BusCounters]:
        """What its two buses have seen."""
        return self.leader.driver.counters, self.follower_driver.counters


class Rig:
    """A context manager: connects on entering; holds, parks and releases on leaving.

    Nothing a bus does makes `step` raise: the last reading stands in, marked as not measured, and
    `trouble` says so in words once an arm has been silent for longer than the config allows.

    Args:
        config: with the ports at which the arms are reached.
        calibrations: of every arm.
        now: CLOCK_MONOTONIC seconds.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        config: HardwareConfig,
        calibrations: Calibrations,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config = config
        self._now = now
        self._sleep = sleep
        self._pairs = {name: _pair(config, name, calibrations) for name in config.arms}
        self._counted = (0, BusFaults())
        self._recovering_at = 0.0
        self.still_held: list[str] = []
        """Followers that could not be let go on leaving, and so hold their last goal."""
        self.aligned = False
        """The followers have caught up with their leaders and follow at full speed."""

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the state's places: `shoulder_pan.pos`; of several pairs, `left_...`."""
        return tuple(
            f"{name}_{joint}.pos" if len(self._pairs) > 1 else f"{joint}.pos"
            for name, pair in self._pairs.items()
            for joint in pair.joints
        )

    def identity(self) -> dict[str, Any]:
        """What makes this rig this rig, beside its rate, units, joints and cameras."""
        return {
            name: {
                "leader": asdict(pair.leader.driver.identity),
                "follower": asdict(pair.follower_driver.identity),
            }
            for name, pair in self._pairs.items()
        }

    def step(self, tick: Tick) -> Frame:
        """One slot: read all arms, their buses at the same time, and send the followers on."""
        safety = self._config.safety
        speed = safety.max_speed if self.aligned else safety.ramp_speed
        pairs = self._pairs.values()
        now = self._now()
        silence_s = self._config.quality.max_silence_s
        for pair in pairs:
            pair.follower.ask()
            pair.leader.ask()
        measured = [pair.step(speed / self._config.fps, now, silence_s) for pair in pairs]
        retries, faults = self._count()
        frame = Frame(
            tick=tick.index,
            due=tick.due,
            started=tick.started,
            state=np.concatenate([pair.follower.reading for pair in pairs]),
            action=np.concatenate([pair.action for pair in pairs]),
            requested=np.concatenate([pair.requested for pair in pairs]),
            measured=all(measured),
            bus_s=self._now() - now,
            retries=retries,
            faults=faults,
            motion=_joined([pair.follower_driver.motion for pair in pairs]),
        )
        if any(self._troubles()):
            self.aligned = False  # the leader may have been moved meanwhile: catch up slowly
        elif not self.aligned:
            apart = np.abs(frame.action - frame.requested).max()
            self.aligned = frame.measured and bool(apart <= safety.align_tolerance)
        return frame

    def _count(self) -> tuple[int, BusFaults]:
        """Retries and faults of every bus since this was asked the last time."""
        counters = [each for pair in self._pairs.values() for each in pair.counters]
        retries = sum(each.retries for each in counters)
        faults = BusFaults(
            *(sum(getattr(each, name) for each in counters) for name in BusFaults._fields)
        )
        before, self._counted = self._counted, (retries, faults)
        return retries - before[0], faults.since(before[1])

    def trouble(self) -> str | None:
        """What a servo reports, or which arm is silent for too long; None when all is well."""
        return next((trouble for _, _, trouble in self._troubles()), None)

    def recover(self) -> None:
        """Try to reach the arms that are in trouble again; it may block for most of a second."""
        now = self._now()
        if now - self._recovering_at < _RECOVER_EVERY_S:
            return
        self._recovering_at = now
        for pair, arm, _ in list(self._troubles()):
            pair.connect_again(arm, now)

    def _troubles(self) -> Iterator[tuple[_Pair, _Arm, str]]:
        for pair in self._pairs.values():
            for arm in (pair.leader, pair.follower):
                trouble = arm.trouble(self._now(), self._config.quality.max_silence_s)
                if trouble is not None:
                    yield pair, arm, trouble

    def __enter__(self) -> "Rig":
        now = self._now()
        try:
            for pair in self._pairs.values():
                pair.connect(now)
        except BaseException:
            self._release()
            raise
        self._count()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._park()
        finally:
            self._release()

    def _park(self) -> None:
        """Bring the followers slowly to where they were found, where torque can go off."""
        self._await_return()
        step = self._config.safety.ramp_speed / self._config.fps
        for tick in Pacer(self._config.fps, self._now, self._sleep):
            reachable = [pair.command(pair.park_pose, step) for pair in self._pairs.values()]
            parked = all(
                np.abs(pair.action - pair.park_pose).max() <= _PARKED_WITHIN
                for pair in self._pairs.values()
            )
            if parked or not any(reachable) or tick.index > _PARK_LIMIT_S * self._config.fps:
                break
        self._sleep(_SETTLE_S)

    def _await_return(self) -> None:
        """Give followers that are gone a moment to come back: else they are left to hold."""
        until = self._now() + _RETURN_S
        while gone := [pair for pair in self._pairs.values() if pair.follower.is_gone]:
            for pair in gone:
                pair.connect_again(pair.follower, self._now())
            if self._now() >= until:
                return
            self._sleep(_RETURN_POLL_S)

    def _release(self) -> None:
        """Torque off and ports closed, arm by arm; one that is gone does not keep the others."""
        for pair in self._pairs.values():
            try:
                pair.follower_driver.release()
            except ServoError:
                pass  # it was done, and the servo says what is wrong with it
            except BusError:
                if pair.holds:
                    self.still_held.append(pair.follower.name)
            for disconnect in (pair.follower_driver.disconnect, pair.leader.driver.disconnect):
                with contextlib.suppress(BusError):
                    disconnect()


def _joined(motions: Sequence[Motion | None]) -> Motion | None:
    known = [motion for motion in motions if motion is not None]
    if len(known) < len(motions):
        return None
    return Motion(*(np.concatenate(parts) for parts in zip(*known, strict=True)))


def _pair(config: HardwareConfig, name: str, calibrations: Calibrations) -> _Pair:
    arms = config.arms[name]
    leader, follower = (
        getattr(drivers.load("arms", arm.driver), kind)(
            ArmSettings(
                f"{name} {role}",
                arm.port,
                arm.baud,
                arm.limits,
                Retry(budget_s=_RETRY_SHARE / config.fps),
            ),
            calibrations[name][role],
            config.units,
        )
        for role, kind, arm in (
            ("leader", "Leader", arms.leader),
            ("follower", "Follower", arms.follower),
        )
    )
    if leader.joints != follower.joints:
        raise ConfigError(
            f"[arms.{name}] pairs a {arms.leader.driver} leader with a {arms.follower.driver} "
            f"follower that has other joints; give both the same kind of arm."
        )
    return _Pair(name, leader, follower)
