"""All arms of a config as one thing: in each slot the followers go where the leaders are."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any

import numpy as np

from lerecord import drivers
from lerecord.arms.arm import ArmSettings, Ceiling
from lerecord.arms.calibration import Calibration
from lerecord.arms.pair import Pair, WatchedArm
from lerecord.config import HardwareConfig, SafetyConfig
from lerecord.errors import ConfigError
from lerecord.frame import BusFaults, Frame, Motion
from lerecord.motors.bus import BusError, Retry, ServoError
from lerecord.pacing import Clocks, Pacer, StallWatch, Tick

_PARKED_WITHIN = 0.5  # units
_PARK_LIMIT_S = 10.0
_RECOVER_EVERY_S = 1.0
_RETRY_SHARE = 0.8  # of a slot: no further try of a read starts later
_RETURN_S, _RETURN_POLL_S = 2.0, 0.2
_JUMP_UNITS, _JUMP_SPEED = 60.0, 1800.0  # in a slot, and a second: no hand, no servo is so fast
_STALL_SLOTS = 2.5  # at a low rate: a loop that is late by a slot does not stand still
_SETTLE_S = 0.3  # for the follower to arrive where it was sent before torque goes off

Calibrations = Mapping[str, Mapping[str, Calibration]]
"""Pair name, then "leader" or "follower"."""


class Rig:
    """A context manager: connects on entering; holds, parks and releases on leaving.

    Nothing a bus does makes `step` raise: the last reading stands in, marked as not measured, and
    `trouble` says so in words once an arm has been silent for longer than the config allows.

    Args:
        config: with the ports at which the arms are reached.
        calibrations: of every arm.
        clocks: where time comes from.
        write_calibration: write the calibrations also into servos that hold others.
    """

    def __init__(
        self,
        config: HardwareConfig,
        calibrations: Calibrations,
        clocks: Clocks = Clocks(),  # noqa: B008 - frozen
        write_calibration: bool = False,
    ) -> None:
        self._config = config
        self._now = clocks.now
        self._sleep = clocks.sleep
        self._stall = StallWatch(clocks)
        self._pairs = {
            name: _pair(config, name, calibrations, write_calibration) for name in config.arms
        }
        self._counted = (0, BusFaults())
        self._recovering_at = 0.0
        self.still_held: list[str] = []
        """Followers that could not be let go on leaving, and so hold their last goal."""
        self.aligned = False
        """The followers have caught up with their leaders and follow at full speed."""
        self.interruption: str | None = None
        """Why the last frame does not follow on the one before it; None when it does."""

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
        pairs = self._pairs.values()
        now = self._now()
        stood_still_s = self._stall.look()
        for pair in pairs:
            pair.follower.ask()
            pair.leader.ask()
        measured = [pair.read(now) for pair in pairs]
        self.interruption = self._interrupted(max(stood_still_s, self._stall.look()))
        if self.interruption is not None:
            self.aligned = False  # the leader may have been moved meanwhile: catch up slowly
        safety, silence_s = self._config.safety, self._config.quality.max_silence_s
        speed = safety.max_speed if self.aligned else safety.ramp_speed
        followed = [pair.follow(speed / self._config.fps, now, silence_s) for pair in pairs]
        retries, faults = self._count()
        frame = Frame(
            tick=tick.index,
            due=tick.due,
            started=tick.started,
            state=np.concatenate([pair.follower.reading for pair in pairs]),
            action=np.concatenate([pair.action for pair in pairs]),
            requested=np.concatenate([pair.requested for pair in pairs]),
            measured=all(measured) and all(followed),
            bus_s=self._now() - now,
            retries=retries,
            faults=faults,
            motion=_joined([pair.follower_driver.motion for pair in pairs]),
        )
        if any(self._troubles()):
            self.aligned = False
        elif not self.aligned:
            apart = max(pair.apart.max() for pair in pairs)
            self.aligned = frame.measured and bool(apart <= safety.align_tolerance)
        return frame

    def _interrupted(self, stood_still_s: float) -> str | None:
        """Why what was just read does not follow on what was read before; None when it does."""
        config = self._config
        if stood_still_s > max(config.quality.max_silence_s, _STALL_SLOTS / config.fps):
            return (
                f"The recorder stood still for {stood_still_s:.1f} s (stopped, suspended, or kept "
                f"from running by other programs): the follower catches up with the leader slowly."
            )
        if not self.aligned:
            return None
        farthest = max(_JUMP_UNITS, _JUMP_SPEED / config.fps)
        jumps = (pair.jump(farthest) for pair in self._pairs.values())
        return next((jump for jump in jumps if jump is not None), None)

    def limited(self) -> str | None:
        """Which leader is beyond what its follower may do, in words; None when none is."""
        tolerance = self._config.safety.align_tolerance
        told = (pair.limited(tolerance) for pair in self._pairs.values())
        return next((each for each in told if each is not None), None)

    def lag(self) -> str:
        """Which follower is farthest from its leader, in words."""
        return max(self._pairs.values(), key=lambda pair: float(pair.apart.max())).lag()

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
        self._stall.restart()

    def _troubles(self) -> Iterator[tuple[Pair, WatchedArm, str]]:
        for pair in self._pairs.values():
            for arm in (pair.leader, pair.follower):
                trouble = arm.trouble(self._now(), self._config.quality.max_silence_s)
                if trouble is not None:
                    yield pair, arm, trouble

    def __enter__(self) -> "Rig":
        try:
            for pair in self._pairs.values():
                pair.examine()
            now = self._now()
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
                pair.is_at(pair.park_pose, _PARKED_WITHIN) for pair in self._pairs.values()
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


def _pair(
    config: HardwareConfig, name: str, calibrations: Calibrations, write_calibration: bool
) -> Pair:
    arms = config.arms[name]
    retry = Retry(budget_s=_RETRY_SHARE / config.fps)
    leader, follower = (
        getattr(drivers.load("arms", arm.driver), kind)(
            ArmSettings(f"{name} {role}", arm.port, arm.baud, arm.limits, retry, write_calibration),
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
    _check_ceiling(config.safety, arms.follower.driver, follower.ceiling)
    return Pair(name, leader, follower)


def _check_ceiling(safety: SafetyConfig, driver: str, ceiling: Ceiling) -> None:
    for key in ("max_speed", "ramp_speed", "align_tolerance"):
        asked, most = getattr(safety, key), getattr(ceiling, key)
        if asked > most:
            raise ConfigError(
                f"{key} in [safety] is {asked:g}, and a {driver} follower takes {most:g} at most: "
                f"lower it in the hardware config."
            )
