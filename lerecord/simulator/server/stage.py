"""The world as several threads share it, and the phases that it goes through."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from lerecord.simulator.camera import TAKE, Sight
from lerecord.simulator.faults import Faults, Line, Rules
from lerecord.simulator.messages import (
    Done,
    InjectedFaults,
    JointTruth,
    Ready,
    StagePhase,
    Truth,
)
from lerecord.simulator.rigs import JOINTS, RIGS, Arm, Pose, UnreachableError
from lerecord.simulator.scene import (
    Motion,
    Scene,
    World,
    correction,
    demonstration,
    guidance,
    return_home,
)

IDLE, RESET, RECORD, WATCH, CORRECT, GUIDE, AGAIN = StagePhase
_STOPS_S = 0.5  # until a follower that is told to hold does
_LOOK_S = 0.1  # between two looks at whether the box is on the target
_SETTLE_S = 0.35  # from the hand's last move until the box is measured
_ENCODER_MASK = 4095


class Stage:
    """One world, its two buses and the script; every method may be called from any thread.

    Args:
        seed: of everything that is random.
        now: monotonic clock in seconds.
        faults: what fails.
        log: gets a line for each request: when it came, the arm, what the encoders then read.
        rig: which arms there are, a name of RIGS.
    """

    def __init__(
        self,
        seed: int,
        now: Callable[[], float],
        faults: Faults | None = None,
        log: Callable[[str], object] | None = None,
        rig: str = "koch",
    ) -> None:
        self._world = World(seed, RIGS[rig])
        self._arms = {"leader": self._world.leader, "follower": self._world.follower}
        self._faults = faults if faults is not None else Faults()
        self._log = log
        self._now = now
        self._lock = threading.Lock()
        self._seed = seed
        self._motions = 0
        self._lies_since: float | None = None
        self._follower_stops = False
        self._lay: tuple[float, float, float] | None = None
        self._over: tuple[float, StagePhase] | None = None  # when it ends, and which
        self._world.advance(now())

    def buses(self) -> dict[str, "BusWire"]:
        """The servo buses by the arm's name."""
        return {
            name: BusWire(self, name, Line(name, arm.wire, self._faults), self._lock)
            for name, arm in self._arms.items()
        }

    def inject(self, rules: Rules | None) -> None:
        """Put more rules in force, with times that count from now; None ends all that are."""
        with self._lock:
            if rules is None:
                self._faults.end()
            else:
                self._faults.add(rules, self._now())
                self._advance()  # what is due at once happens before anything else is asked

    def injected(self) -> InjectedFaults:
        """What has failed so far."""
        with self._lock:
            return self._faults.injected.told()

    def begin(self, phase: StagePhase) -> None:
        """Start a phase; what was under way ends where it is."""
        with self._lock:
            now = self._advance()
            start = self._world.leader.pose()
            self._motions += 1
            self._follower_stops = phase == CORRECT
            self._world.guide = None
            seed = self._seed * 1000 + self._motions
            if phase in (RESET, AGAIN):
                self._put_box(phase)
                self._play(return_home(start, seed), now, phase)
            elif phase == GUIDE:
                self._guide(now, seed)
            elif phase == RECORD:
                self._play(self._demonstration(start, seed), now, phase)
            elif phase == CORRECT:  # the follower is still on its way to where it holds
                self._world.hand, self._over = None, (now + _STOPS_S, phase)
            else:
                self._world.hand, self._over, self._lies_since = None, None, None
                if phase == WATCH:
                    self._over = (now + _LOOK_S, phase)

    def until_over(self) -> float | None:
        """Seconds until the phase is over; None when none is under way."""
        with self._lock:
            return None if self._over is None else max(self._over[0] - self._now(), 0.0)

    def poll(self) -> Ready | Done | None:
        """What happened, once, when the phase is over."""
        with self._lock:
            if self._over is None or self._now() < self._over[0]:
                return None
            now = self._advance()
            (_, phase), self._over = self._over, None
            if phase == WATCH and not self._has_lain(now):
                self._over = (now + _LOOK_S, phase)
                return None
            if phase == CORRECT and self._follower_stops:
                self._follower_stops = False
                seed = self._seed * 1000 + self._motions
                self._play(self._correction(self._world.leader.pose(), seed), now, CORRECT)
                return None
            if phase in (RESET, AGAIN):
                return Ready()
            return Done(self._world.box_on_target(), self._world.box_to_target())

    def sight(self, camera: str | None = None, pictures: int = 0) -> Sight:
        """What a camera sees now; with its name, also what is wrong with it.

        Args:
            camera: who asks.
            pictures: how many are taken of this sight.
        """
        with self._lock:
            now = self._advance()
            seen = self._seen(now)
            if camera is None:
                return seen
            return replace(seen, fault=self._faults.of_camera(camera, now, pictures))

    def truth(self) -> Truth:
        """How the world is now."""
        with self._lock:
            self._advance()
            return Truth(
                box=self._world.box.place,
                target=self._world.target,
                box_on_target=self._world.box_on_target(),
                leader=_joints(self._world.leader),
                follower=_joints(self._world.follower),
            )

    @contextmanager
    def asked(self, arm: str, now: float) -> Iterator[None]:
        """Hold the world still at `now`, at which an arm's line is asked something."""
        with self._lock:
            self._advance_to(now)
            if self._log is not None:
                positions = (str(servo.position) for servo in self._arms[arm].servos)
                self._log(f"{now!r} {arm} {' '.join(positions)}\n")
            yield

    def _advance(self) -> float:
        now = self._now()
        self._advance_to(now)
        return now

    def _advance_to(self, now: float) -> None:
        self._world.advance(now)
        for rule in self._faults.of_servos(now):
            servo = self._arms[rule.arm].servos[rule.id - 1]
            if rule.fault == "reboot":
                servo.reboot()
            else:
                servo.fail(rule.fault)

    def _seen(self, now: float) -> Sight:
        world = self._world
        pan = world.follower.servos[0].position & _ENCODER_MASK
        return Sight(now, pan, Scene(world.follower.pose(), world.box.centre, world.box.axes))

    def _has_lain(self, now: float) -> bool:
        """The box has been on the target for long enough to stay there."""
        if not self._world.box_on_target():
            self._lies_since = None
        elif self._lies_since is None:
            self._lies_since = now
        return self._lies_since is not None and now - self._lies_since >= _SETTLE_S

    def _put_box(self, phase: StagePhase) -> None:
        """To another place, or to where it lay when the hand came to the follower."""
        if phase == RESET or self._lay is None:
            self._world.place_box()
        else:
            self._world.box.put(*self._lay)

    def _guide(self, now: float, seed: int) -> None:
        follower, self._lay = self._world.follower.pose(), self._world.box.flat_place()
        motion = guidance(follower, self._lay, seed)
        self._world.hand, self._world.guide = None, lambda at: motion.at(at - now)
        self._over = (now + motion.duration_s + _SETTLE_S, GUIDE)

    def _correction(self, start: Pose, seed: int) -> Motion:
        follower = self._world.follower.pose()
        try:
            return correction(start, follower, self._world.box.flat_place(), seed)
        except UnreachableError:  # the person puts it back first
            self._world.place_box()
            return correction(start, follower, self._world.box.flat_place(), seed)

    def _demonstration(self, start: Pose, seed: int) -> Motion:
        """A demonstration; a box that went out of reach is put back by the person first."""
        try:
            return demonstration(start, self._world.box.flat_place(), seed)
        except UnreachableError:
            self._world.place_box()
            return demonstration(start, self._world.box.flat_place(), seed)

    def _play(self, motion: Motion, start: float, phase: StagePhase) -> None:
        self._world.hand = lambda now: motion.at(now - start)
        settle = 0.0 if phase in (RESET, AGAIN) else _SETTLE_S
        self._over = (start + motion.duration_s + settle, phase)


@dataclass(frozen=True, slots=True)
class BusWire:
    """One bus of a stage, as a port sees it."""

    stage: Stage
    arm: str
    line: Line
    lock: threading.Lock

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """Replies to the bytes, from a world that has come to `now`."""
        with self.stage.asked(self.arm, now):
            return self.line.feed(data, now, baud)

    def late(self, now: float) -> bytes:
        """Replies that were late and are there by now."""
        with self.lock:
            return self.line.late(now)

    def plugged(self, now: float) -> bool:
        """False while the adapter is unplugged."""
        with self.lock:
            return self.line.plugged(now)

    def wait_s(self, now: float) -> float | None:
        """Seconds until something happens that no request asks for; None when nothing will."""
        with self.lock:
            return self.line.wait_s(now)


@dataclass(frozen=True, slots=True)
class SightWire:
    """Answers each byte with what a camera sees."""

    stage: Stage
    camera: str

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        """A record for each byte."""
        return self.stage.sight(self.camera, data.count(TAKE)).pack() * len(data)


def _joints(arm: Arm[Any]) -> dict[str, JointTruth]:
    return {
        name: JointTruth(servo.position, servo.value("Goal_Position"), servo.torque)
        for name, servo in zip(JOINTS, arm.servos, strict=True)
    }
