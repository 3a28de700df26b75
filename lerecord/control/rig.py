"""All arms of a config as one thing: it observes them and sends the followers on, nothing more."""

from collections.abc import Iterator
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from lerecord.config import HardwareConfig
from lerecord.control import parking
from lerecord.control.drift import DriftWatch
from lerecord.control.examination import Calibrations as Calibrations
from lerecord.control.examination import examine
from lerecord.control.handover import Bounds
from lerecord.control.pair import Pair, WatchedArm
from lerecord.control.pair_of_config import make_pair
from lerecord.control.source import Action, Driver, Goal, Observation, Vector
from lerecord.frame import BusFaults, Frame, Motion
from lerecord.pacing import Clocks, StallWatch, Tick

_GRIPPER = "gripper.pos"
_RECOVER_EVERY_S = 1.0
_JUMP_UNITS, _JUMP_SPEED = 60.0, 1800.0  # in a slot, and a second: no hand, no servo is so fast
_STALL_SLOTS = 2.5  # at a low rate: a loop that is late by a slot does not stand still


class Rig:
    """A context manager: connects on entering; holds, parks and releases on leaving.

    Nothing a bus does makes `observe` or `command` raise: the last reading stands in, marked as not
    measured, and `trouble` says so in words once an arm has been silent for longer than the config
    allows.

    Args:
        config: with the ports at which the arms are reached.
        calibrations: of every arm.
        clocks: where time comes from.
        write_calibration: write the calibrations also into servos that hold others.
        leaders: False: the followers alone, for a source that needs no leader.
    """

    def __init__(
        self,
        config: HardwareConfig,
        calibrations: Calibrations,
        clocks: Clocks = Clocks(),  # noqa: B008 - frozen
        write_calibration: bool = False,
        leaders: bool = True,
    ) -> None:
        self._config = config
        self._calibrations, self._write_calibration = calibrations, write_calibration
        self._clocks = clocks
        self._now = clocks.now
        self._stall = StallWatch(clocks)
        self._pairs = {
            name: make_pair(config, name, calibrations[name], write_calibration, leaders)
            for name in config.arms
        }
        self._counted = (0, BusFaults())
        self._recovering_at = 0.0
        self._observed: Observation | None = None
        self.drift_watch: DriftWatch | None = None
        """Looks for drift from the connection on, where there is one: nothing moves before."""
        self.still_held: list[str] = []
        """Followers that could not be let go on leaving, and so hold their last goal."""

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the state's places: `shoulder_pan.pos`; of several pairs, `left_...`."""
        return tuple(
            f"{name}_{feature}" if len(self._pairs) > 1 else feature
            for name, pair in self._pairs.items()
            for feature in pair.follower_driver.features
        )

    @property
    def grippers(self) -> NDArray[np.bool_]:
        """(D,): which joints open and close; LeRobot's arms all give them the name "gripper"."""
        return np.array([name.endswith(_GRIPPER) for name in self.joints])

    @property
    def bounds(self) -> Bounds:
        """How far a joint may go in a tick."""
        safety, fps = self._config.safety, self._config.fps
        return Bounds(safety.ramp_speed / fps, safety.max_speed / fps, safety.align_tolerance)

    def identity(self) -> dict[str, Any]:
        """What makes this rig this rig, beside its rate, units, joints and cameras."""
        return {
            name: {role: asdict(driver.identity) for role, driver in pair.drivers.items()}
            for name, pair in self._pairs.items()
        }

    def calibrations(self) -> dict[str, dict[str, Any]]:
        """By pair and role."""
        return {
            name: {role: driver.calibration for role, driver in pair.drivers.items()}
            for name, pair in self._pairs.items()
        }

    def observe(self, tick: Tick) -> Observation:
        """Read all arms, their buses at the same time."""
        pairs = self._pairs.values()
        began = self._now()
        stood_still_s = self._stall.look()
        for pair in pairs:
            for arm in reversed(pair.arms):
                arm.ask()
        state_valid = [pair.follower.read(began) for pair in pairs]
        leader_valid = [pair.leader.read(began) for pair in pairs if pair.leader is not None]
        if self.drift_watch is not None:
            self.drift_watch.look(pairs)
        retries, faults = self._count()
        self._observed = Observation(
            tick=tick,
            state=np.concatenate([pair.follower.reading for pair in pairs]),
            leader=np.concatenate([pair.leader_pose for pair in pairs]),
            goal=np.concatenate([pair.action for pair in pairs]),
            state_valid=all(state_valid),
            leader_valid=all(leader_valid),
            motion=Motion.joined([pair.follower_driver.motion for pair in pairs]),
            bus_s=self._now() - began,
            retries=retries,
            faults=faults,
            stall=self._stalled(max(stood_still_s, self._stall.look())),
            jump=self._jumped(),
            in_trouble=any(self._troubles()),
        )
        return self._observed

    def command(self, goal: Goal) -> Frame:
        """Send the followers on, none farther than the goal's step; the frame of this tick.

        A follower in trouble holds, and so does one for which a joint's value is NaN.
        """
        observed, self._observed = self._observed, None
        assert observed is not None, "observe first: a goal follows from what was measured"
        began = self._now()
        if self.drift() is not None:  # the leaders are shown beside the followers, which stay
            goal = Goal(Action(observed.leader, Driver.NOBODY), 0.0)
        holds = goal.action is None  # nothing is to be sent
        sent = [
            pair.follow(values, goal.max_step, began, self._config.quality.max_silence_s)
            for pair, values in zip(self._pairs.values(), self._split(goal), strict=True)
        ]
        retries, faults = self._count()
        return Frame(
            tick=observed.tick.index,
            due=observed.tick.due,
            started=observed.tick.started,
            state=observed.state,
            action=np.concatenate([pair.action for pair in self._pairs.values()]),
            requested=np.concatenate([pair.requested for pair in self._pairs.values()]),
            measured=observed.state_valid and observed.leader_valid and (holds or all(sent)),
            bus_s=observed.bus_s + self._now() - began,
            retries=observed.retries + retries,
            faults=BusFaults(*(a + b for a, b in zip(observed.faults, faults, strict=True))),
            motion=observed.motion,
            source=Driver.NOBODY if goal.action is None else goal.action.driver,
            policy_action=None if goal.action is None else goal.action.policy_action,
            policy_latency_s=None if goal.action is None else goal.action.policy_latency_s,
        )

    @property
    def goes_limp(self) -> bool:
        """Every follower can be let go joint by joint."""
        return all(pair.follower_driver.goes_limp for pair in self._pairs.values())

    def loosen(self) -> bool:
        """Let one more joint of each follower go limp, the outermost first; False when all are."""
        left = [pair.loosen() for pair in self._pairs.values()]
        return any(left)

    def stiffen(self) -> None:
        """Hold the followers that are limp where they are now; one that cannot be is in trouble."""
        for pair in self._pairs.values():
            if pair.is_limp:
                pair.stiffen()

    def _split(self, goal: Goal) -> list[Vector]:
        """What a goal asks of each pair; NaN: hold."""
        ends = np.cumsum([len(pair.joints) for pair in self._pairs.values()])
        values = np.full(ends[-1], np.nan, np.float32)
        if goal.action is not None:
            values = goal.action.values
        return np.split(values, ends[:-1])

    def reachable(self, values: Vector) -> NDArray[np.floating]:
        """(D,) to (D,): the nearest goal that the followers may go to."""
        ends = np.cumsum([len(pair.joints) for pair in self._pairs.values()])
        parts = zip(self._pairs.values(), np.split(values, ends[:-1]), strict=True)
        return np.concatenate([pair.follower_driver.reachable(part) for pair, part in parts])

    def _stalled(self, stood_still_s: float) -> str | None:
        if stood_still_s <= max(
            self._config.quality.max_silence_s, _STALL_SLOTS / self._config.fps
        ):
            return None
        return (
            f"The recorder stood still for {stood_still_s:.1f} s (stopped, suspended, or kept from "
            f"running by other programs): the follower catches up slowly."
        )

    def _jumped(self) -> str | None:
        farthest = max(_JUMP_UNITS, _JUMP_SPEED / self._config.fps)
        jumps = (pair.jump(farthest) for pair in self._pairs.values())
        return next((jump for jump in jumps if jump is not None), None)

    def drift(self) -> str | None:
        """Which joints are not where they should be, in words; None when all are."""
        return None if self.drift_watch is None else self.drift_watch.sentence

    def accept_drift(self) -> None:
        """They are so on purpose: the followers may move."""
        if self.drift_watch is not None:
            self.drift_watch.accept()

    def limited(self) -> str | None:
        """Which follower is asked for more than it may do, in words; None when none is."""
        tolerance = self._config.safety.align_tolerance
        told = (pair.limited(tolerance) for pair in self._pairs.values())
        return next((each for each in told if each is not None), None)

    def lag(self) -> str:
        """Which follower is farthest from where it is asked to be, in words."""
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

    def caution(self) -> str | None:
        """Which servo is about to switch itself off, in words; None when none is."""
        return next((each for pair in self._pairs.values() if (each := pair.caution)), None)

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
            for arm in pair.arms:
                trouble = arm.trouble(self._now(), self._config.quality.max_silence_s)
                if trouble is not None:
                    yield pair, arm, trouble

    def __enter__(self) -> Self:
        try:
            pairs = list(self._pairs.values())
            examine(pairs, self._config, self._calibrations, self._write_calibration)
            now = self._now()
            for pair in pairs:
                pair.connect(now)
            if self.drift_watch is not None:
                self.drift_watch.begin(pairs)
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
            pairs = list(self._pairs.values())
            self.stiffen()  # also under a hand: nothing is to drop
            parking.park(pairs, self.bounds.ramp_step, self._config.fps, self._clocks)
            if self.drift_watch is not None:
                self.drift_watch.keep(pair for pair in pairs if parking.is_parked(pair))
        finally:
            self._release()

    def _release(self) -> None:
        self.still_held += parking.release(list(self._pairs.values()))
