"""One simulated rig on two transports: the lock-step bus in memory, and the simulator's ports."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lerecord import drivers
from lerecord.arms import ArmSettings, Calibration
from lerecord.arms.units import Units
from lerecord.config import HardwareConfig
from lerecord.control import Handover, Leader, Rig, Setup
from lerecord.control.rig import Calibrations
from lerecord.control.source import ActionSource
from lerecord.frame import Frame
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.motors.feetech import FeetechBus
from lerecord.pacing import Clocks, Pacer, Tick
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS
from lerecord.simulator.rigs.arm import REST
from tests.live import SETUP, SO101, Simulator

TRANSPORTS = ["lock step", "serial ports"]
RIGS_AND_TRANSPORTS = [*TRANSPORTS, "so101, lock step"]
BUSES: dict[str, Any] = {"koch": DynamixelBus, "so101": FeetechBus}


class Time:
    """Two clocks that a test can let stand still beside each other; a look costs a microsecond."""

    def __init__(self, real: Clocks | None = None) -> None:
        self.s = 0.0
        self._monotonic_s = self._boottime_s = 0.0
        self._real = real
        self.clocks = Clocks(
            lambda: self._now() + self._monotonic_s,
            lambda: self._now() + self._boottime_s,
            self._sleep if real is None else real.sleep,
        )

    @contextmanager
    def stopped(self, monotonic_s: float, boottime_s: float) -> Iterator[None]:
        """The recorder does not run in this block, which lasts so long by either clock."""
        begun = self._now()
        yield
        took_s = self._now() - begun
        self._monotonic_s += monotonic_s - took_s
        self._boottime_s += boottime_s - took_s

    def _now(self) -> float:
        if self._real is not None:
            return self._real.now()
        self.s += 1e-6
        return self.s

    def _sleep(self, seconds: float) -> None:
        self.s += seconds


class _SharedPort(LockStepPort):
    """A lock-step port that has its clock in common with others."""

    def __init__(self, wire: Any, time: Time) -> None:
        self._time = time
        super().__init__(wire)

    @property
    def clock_s(self) -> float:
        return self._time.s

    @clock_s.setter
    def clock_s(self, value: float) -> None:
        self._time.s = max(self._time.s, value)


class DrivenRig(Rig):
    """A rig with whoever drives it, as the loop has them."""

    def __init__(self, *arguments: Any, source: ActionSource | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.driving = Handover(source or Leader(), self.bounds, self.reachable)

    def step(self, tick: Tick) -> Frame:
        """What the loop does in a tick."""
        return self.command(self.driving.next(self.observe(tick)))

    @property
    def aligned(self) -> bool:
        return self.driving.arrived

    @property
    def interruption(self) -> str | None:
        return self.driving.interruption


class RigBench:
    """A rig under test on a transport, with clocks that the test can stop."""

    config: HardwareConfig = SETUP.config
    calibrations: Calibrations = SETUP.calibrations
    time: Time

    def follower(self, what: str) -> np.ndarray:
        """The truth: `position` and `goal` in counts, or `torque`."""
        raise NotImplementedError

    def trigger_torque(self) -> bool:
        """The truth of the leader's gripper."""
        raise NotImplementedError

    def move_leader(self) -> None:
        """The leader is moved far away while nobody looks."""
        raise NotImplementedError

    def rig(self, calibrations: Calibrations | None = None, **options: Any) -> DrivenRig:
        held = self.calibrations if calibrations is None else calibrations
        return DrivenRig(self.config, held, self.time.clocks, **options)

    def pacer(self) -> Pacer:
        return Pacer(self.config.fps, self.time.clocks.now, self.time.clocks.sleep)

    def run(self, rig: DrivenRig, ticks: int) -> list[Frame]:
        return [rig.step(tick) for tick in islice(self.pacer(), ticks)]

    def align(self, rig: DrivenRig) -> list[Frame]:
        frames = []
        for tick in islice(self.pacer(), 600):
            frames.append(rig.step(tick))
            if rig.aligned:
                return frames
        raise AssertionError(rig.lag())


class LockStep(RigBench):
    """Drivers and simulated servos in one process, on a clock that only they advance."""

    def __init__(self, patch: pytest.MonkeyPatch, setup: Setup = SETUP) -> None:
        self.time = Time()
        self.config, self.calibrations = setup.config, setup.calibrations
        self._make_of_arms = setup.config.arms["main"].roles["leader"].driver
        self._driver = drivers.load("arms", self._make_of_arms)
        made = RIGS[self._make_of_arms]
        self._arms: dict[str, Any] = {"Leader": made.leader(), "Follower": made.follower()}
        for arm in self._arms.values():
            arm.calibrate()
        module = SimpleNamespace(Leader=self._make("Leader"), Follower=self._make("Follower"))
        patch.setattr(drivers, "load", lambda kind, name: module)

    def _make(self, kind: str) -> Any:
        driver: Any = getattr(self._driver, kind)
        bus = BUSES[self._make_of_arms]

        def make(settings: ArmSettings, calibration: Calibration, units: Units) -> Any:
            plugged = self._arms[settings.port.rpartition(":")[2].capitalize()]
            port = _SharedPort(plugged.wire(), self.time)
            return driver(settings, calibration, units, bus(port, driver.motors, now=port.now))

        vars(make).update(motors=driver.motors, calibration_names=driver.calibration_names)
        return make

    def arm(self, kind: str) -> Any:
        """The simulated "Leader" or "Follower"."""
        return self._arms[kind]

    def rest_leader(self) -> None:
        """The leader is put down where it was found."""
        for servo, mount, rest in zip(
            self._arms["Leader"].servos, self._arms["Leader"].mounts, REST, strict=True
        ):
            servo.shaft = mount.shaft(rest)

    def follower(self, what: str) -> np.ndarray:
        servos = self._arms["Follower"].servos
        if what == "torque":
            return np.array([servo.torque for servo in servos])
        name = {"position": "Present_Position", "goal": "Goal_Position"}[what]
        return np.array([servo.value(name) for servo in servos])

    def trigger_torque(self) -> bool:
        return bool(self._arms["Leader"].servos[-1].torque)

    def move_leader(self) -> None:
        leader = self._arms["Leader"]
        for joint in (0, 1, 3):
            leader.hold(joint, leader.pose()[joint] + 1.2)


class SerialPorts(RigBench):
    """The simulator's process and its real serial ports, on the clock of the machine."""

    def __init__(self) -> None:
        self.time = Time(Clocks())
        self.simulator = Simulator()
        self.config = self.simulator.config

    def follower(self, what: str) -> np.ndarray:
        return self.simulator.follower(what)

    def trigger_torque(self) -> bool:
        truth = self.simulator.ask({"query": "truth"}, "truth")
        return bool(truth["leader"]["gripper"]["torque"])

    def move_leader(self) -> None:
        before = self._leader()
        self.simulator.say({"phase": "record"})
        while np.abs(self._leader() - before).max() < 70.0:
            time.sleep(0.01)
        self.simulator.say({"phase": "idle"})

    def _leader(self) -> np.ndarray:
        """Its joints, in percent of twice their range."""
        joints = self.simulator.ask({"query": "truth"}, "truth")["leader"]
        ranges = SETUP.calibrations["main"]["leader"].joints
        return np.array(
            [
                joints[name]["position"] * 200 / (each.range_max - each.range_min)
                for name, each in ranges.items()
            ]
        )


@contextmanager
def rig_bench(transport: str, patch: pytest.MonkeyPatch) -> Iterator[RigBench]:
    """The bench of a transport."""
    if transport == "lock step":
        yield LockStep(patch)
        return
    if transport == "so101, lock step":
        yield LockStep(patch, SO101)
        return
    bench = SerialPorts()
    try:
        yield bench
    finally:
        bench.simulator.close()
