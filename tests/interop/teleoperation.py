"""A follower that copies a leader, through any client, held against the truth at each tick."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.arms import Calibration, Follower, Leader
from lerecord.arms.six_joints import JOINTS
from lerecord.arms.units import Mode, Scale
from lerecord.motors import BusError
from lerecord.pacing import Pacer
from tests.interop.lerobot_client import LeRobot, LeRobotError
from tests.interop.report import expect
from tests.interop.rig import SimulatedRig, Truth

TICKS, FPS = 300, 30
ARMS = ("leader", "follower")
_SLACK_COUNTS = 1  # the hand trembles: between two looks at the truth it may turn around
_UNBOUNDED = 1000.0
_HALF = 0.5001  # counts: half of one, and what float32 leaves of it
_LATE_S = 0.1
_MOST_TIMEOUTS = 10  # on a busy machine

Units = NDArray[np.float64]


def scale_of(calibration: Calibration) -> Scale:
    """Counts to -100..100, the gripper to 0..100, as LeRobot has it without degrees."""
    joints = [calibration.joints[name] for name in JOINTS]
    modes = [Mode.RANGE_M100_100] * 5 + [Mode.RANGE_0_100]
    return Scale(modes, [j.range_min for j in joints], [j.range_max for j in joints], 4096)


def exact_counts(calibration: Calibration, action: Units) -> Units:
    """Where LeRobot's formula puts an action, in counts, before anything rounds it."""
    joints = [calibration.joints[name] for name in JOINTS]
    share = np.append((action[:5] + 100.0) / 200.0, action[5] / 100.0)
    low, high = (np.array([getattr(j, end) for j in joints]) for end in ("range_min", "range_max"))
    return np.asarray(share * (high - low) + low)


class Pair(Protocol):
    """A leader and a follower as some client sees them; (6,) each, in LeRobot's units."""

    def read(self, arm: str) -> Units:
        """Positions of an arm."""

    def command(self, goal: Units) -> None:
        """Send the follower there."""

    def rounds(self, exact: Units, goals: Units) -> bool:
        """True when these are the whole counts that it makes of exact ones."""

    def recover(self) -> None:
        """After a read that failed: make sure that a late answer is not taken for the next."""


@dataclass(frozen=True, slots=True)
class LeRobotPair:
    """Through LeRobot's own leader and follower."""

    lerobot: LeRobot

    def read(self, arm: str) -> Units:
        """Positions of an arm."""
        do = "get_action" if arm == "leader" else "get_observation"
        said: Mapping[str, float] = self.lerobot.call(arm, do)
        expect("joints", list(said), [f"{joint}.pos" for joint in JOINTS])
        return np.array(list(said.values()))

    def command(self, goal: Units) -> None:
        """Send the follower there."""
        named = {f"{j}.pos": float(v) for j, v in zip(JOINTS, goal, strict=True)}
        sent = self.lerobot.call("follower", "send_action", named)
        expect("what send_action returns", sent, named)

    def rounds(self, exact: Units, goals: Units) -> bool:
        """LeRobot truncates."""
        return bool((goals == np.trunc(exact)).all())

    def recover(self) -> None:
        """Discard late answers: dynamixel-sdk before 4 never does, and LeRobot asks for 3."""
        time.sleep(_LATE_S)
        for arm in ARMS:
            self.lerobot.call(arm, "bus.port_handler.ser.reset_input_buffer")


@dataclass(frozen=True, slots=True)
class OwnPair:
    """Through lerecord's own arms."""

    leader: Leader
    follower: Follower

    def read(self, arm: str) -> Units:
        """Positions of an arm."""
        return np.asarray((self.leader if arm == "leader" else self.follower).read(), np.float64)

    def command(self, goal: Units) -> None:
        """Send the follower there."""
        self.follower.command(goal, _UNBOUNDED)

    def rounds(self, exact: Units, goals: Units) -> bool:
        """lerecord takes the nearest."""
        return bool((np.abs(goals - exact) <= _HALF).all())

    def recover(self) -> None:
        """Nothing: lerecord's bus drains the line by itself."""


@dataclass(slots=True)
class Seen:
    """What came of it.

    Attributes:
        ticks, missed: of the grid.
        timeouts: reads that failed and were asked for again.
        reads: positions that lay between those before and after, of so many joints.
        span: lowest and highest units of each arm's joints.
        goals: goals that were at the servos.
        worst_goal: counts by which one was off from the exact place, which is no whole number.
        demonstrated: True once the simulated person had shown the whole task.
    """

    ticks: int = 0
    missed: int = 0
    timeouts: int = 0
    reads: int = 0
    span: dict[str, tuple[Units, Units]] = field(default_factory=dict)
    goals: int = 0
    worst_goal: float = 0.0
    demonstrated: bool = False

    def __str__(self) -> str:
        narrowest = min(float((high - low).min()) for low, high in self.span.values())
        return (
            f"{self.ticks} ticks, {self.missed} missed, {self.timeouts} timeouts; {self.reads} "
            f"positions as in truth (each joint over {narrowest:.0f} units or more); "
            f"{self.goals} goals within {self.worst_goal:.2f} counts; box on target"
        )


class Teleoperation:
    """The loop: the simulated person demonstrates, the pair copies, every value is checked.

    Args:
        rig: with a leader at rest.
        pair: through which the arms are reached; set up already.
        calibrations: by arm.
    """

    def __init__(
        self, rig: SimulatedRig, pair: Pair, calibrations: Mapping[str, Calibration]
    ) -> None:
        self._rig, self._pair, self._calibrations = rig, pair, calibrations
        self._scales = {arm: scale_of(calibrations[arm]) for arm in ARMS}
        self._seen = Seen()

    def run(self) -> Seen:
        """All ticks."""
        self._rig.begin("reset")
        for tick in Pacer(FPS):
            if tick.index >= TICKS:
                break
            self._seen.ticks += 1
            self._seen.missed += tick.missed
            self._one()
            self._listen()
        expect("a whole demonstration", self._seen.demonstrated, True)
        expect("box on target", self._rig.truth().box_on_target, True)
        return self._seen

    def _one(self) -> None:
        before, read, after = self._look()
        for arm in ARMS:
            self._check_read(arm, read[arm], before, after)
        self._pair.command(read["leader"])
        self._check_goals(read["leader"])

    def _look(self) -> tuple[Truth, dict[str, Units], Truth]:
        """Both arms, and the truth before and after."""
        while True:
            before = self._rig.truth()
            try:
                return before, {arm: self._pair.read(arm) for arm in ARMS}, self._rig.truth()
            except (LeRobotError, BusError):
                self._seen.timeouts += 1
                if self._seen.timeouts > _MOST_TIMEOUTS:
                    raise
                self._pair.recover()

    def _check_read(self, arm: str, read: Units, before: Truth, after: Truth) -> None:
        ends = np.array([list(truth.positions[arm].values()) for truth in (before, after)])
        low = self._scales[arm].to_units(ends.min(axis=0) - _SLACK_COUNTS)
        high = self._scales[arm].to_units(ends.max(axis=0) + _SLACK_COUNTS)
        within = (low - 1e-4 <= read) & (read <= high + 1e-4)
        expect(f"{arm} between {low} and {high}: {read}", bool(within.all()), True)
        self._seen.reads += len(read)
        seen_low, seen_high = self._seen.span.get(arm, (read, read))
        self._seen.span[arm] = np.minimum(seen_low, read), np.maximum(seen_high, read)

    def _check_goals(self, action: Units) -> None:
        """Nobody acknowledges a sync write: give it a moment to arrive."""
        exact = exact_counts(self._calibrations["follower"], action)
        deadline = time.monotonic() + _LATE_S
        while True:
            goals = np.array(list(self._rig.truth().goals["follower"].values()), np.float64)
            if self._pair.rounds(exact, goals):
                break
            late = time.monotonic() > deadline
            expect(f"goals {goals} for {exact}", "too late" if late else "in time", "in time")
        off = goals - exact
        self._seen.goals += len(off)
        self._seen.worst_goal = max(self._seen.worst_goal, float(np.abs(off).max()))

    def _listen(self) -> None:
        for message in self._rig.events():
            if message["event"] == "ready":
                self._rig.begin("record")
            self._seen.demonstrated |= message["event"] == "done"
