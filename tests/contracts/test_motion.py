"""What every command that moves an arm keeps to, for both makes, whatever it is asked for.

Every goal that is written to the servos of a follower is seen, in counts, on the way to its bus.
Whoever drives asks for the wildest poses: no goal leaves the limits, none is farther from the one
before than a step, nor than a step of the ramp before the follower has arrived and while it parks.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord import drivers
from lerecord.arms import Calibration
from lerecord.bringup import ArmToCalibrate, lone_servo, set_up
from lerecord.cli.table import TABLE
from lerecord.control import Handover, Leader, Recording, Replay, Setup, Teaching
from lerecord.motors import Retry
from lerecord.motors.register_bus import RegisterBus
from lerecord.policy import PolicySource, QueueSettings, Safety, Turns
from lerecord.recording.session import Phase
from lerecord.simulator.ports.ports import LockStepPort
from lerecord.simulator.rigs import RIGS
from tests.live import SETUP, SO101
from tests.scripted_policy import ScriptedLink
from tests.transports import BUSES, DrivenRig, LockStep

TICKS = 90
GRIPPER = 5
LIMITS = {"shoulder_pan": [-60.0, 60.0], "gripper": [5.0, 90.0]}
ROUNDING = 1.01  # a goal is sent as the nearest count, and so is the one before it
MAKES = {"koch": SETUP, "so101": SO101}
GOAL = "Goal_Position"

Counts = NDArray[np.int64]
Pose = NDArray[np.float32]


@dataclass
class Goals:
    """Every goal that a bus is given, and what was known when it came.

    Attributes:
        seen: (6,) counts each.
        ramps: the follower had not arrived, or parks.
        writes: how many goals were written since somebody last looked.
    """

    seen: list[Counts] = field(default_factory=list)
    ramps: list[bool] = field(default_factory=list)
    writes: int = 0
    ramp: bool = True
    _last: Mapping[str, int] = field(default_factory=dict)

    def note(self, joints: Sequence[str], values: Mapping[str, int]) -> None:
        """Goals of some joints were written; the others keep theirs."""
        goal = {**self._last, **values}
        if len(goal) < len(joints):
            return  # the first ones, joint by joint, of an arm that is held where it stands
        self._last = goal
        self.seen.append(np.array([goal[joint] for joint in joints], np.int64))
        self.ramps.append(self.ramp)
        self.writes += 1

    def steps(self) -> tuple[Counts, NDArray[np.bool_]]:
        """(N - 1, 6) counts from each goal to the next, and (N - 1,) whether it was on the ramp."""
        return np.abs(np.diff(np.array(self.seen), axis=0)), np.array(self.ramps[1:])


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def goals(monkeypatch: pytest.MonkeyPatch, make: str) -> Goals:
    """Those of the follower's servos; of the leader's where it is of the same models."""
    made, motors = Goals(), drivers.load("arms", make).Follower.motors
    joints = [motor.name for motor in motors]
    held: dict[int, dict[str, int]] = {}
    write, sync_write = RegisterBus.write, RegisterBus.sync_write

    def one(bus: RegisterBus, register: str, motor: str, value: int, *more: Retry) -> None:
        write(bus, register, motor, value, *more)
        if register == GOAL and bus.motors == motors:
            known = held.setdefault(id(bus), {})
            known[motor] = value
            made.note(joints, known)

    def several(bus: RegisterBus, register: str, values: Mapping[str, int]) -> None:
        sync_write(bus, register, values)
        if register == GOAL and bus.motors == motors:
            made.note(joints, values)

    monkeypatch.setattr(RegisterBus, "write", one)
    monkeypatch.setattr(RegisterBus, "sync_write", several)
    return made


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, make: str) -> LockStep:
    return LockStep(monkeypatch, _limited(MAKES[make]))


def _limited(setup: Setup) -> Setup:
    pair = setup.config.arms["main"]
    follower = pair.follower.model_copy(update={"limits": LIMITS})
    arms = {"main": pair.model_copy(update={"follower": follower})}
    return Setup(setup.root, setup.config.model_copy(update={"arms": arms}), setup.calibrations)


def wild(start: Pose, count: int = TICKS) -> NDArray[np.float32]:
    """(count, 6): where it stands, and then poses each of which is asked for three times."""
    poses = np.random.default_rng(5).uniform(-500.0, 500.0, (count // 3, 6))
    return np.repeat([start, *poses], 3, axis=0)[:count].astype(np.float32)


def by_leader(bench: LockStep, rig: DrivenRig, start: Pose) -> Iterator[Any]:
    arm, at = bench.arm("Leader"), bench.arm("Leader").pose()
    driving = Handover(Leader(), rig.bounds, rig.reachable)
    moved = 0
    for _ in range(TICKS):
        if driving.arrived:  # it waits for the follower, and moves too fast for it then
            moved += 1
            for joint in range(6):
                arm.hold(joint, at[joint] + 0.6 * math.sin(0.7 * moved + joint))
        yield driving


def by_episode(bench: LockStep, rig: DrivenRig, start: Pose) -> Iterator[Any]:
    driving = Handover(Replay(Recording(wild(start), wild(start))), rig.bounds, rig.reachable)
    for _ in range(TICKS):
        yield driving


def by_hand(bench: LockStep, rig: DrivenRig, start: Pose) -> Iterator[Any]:
    teaching = Teaching(rig, bench.config.fps, lambda told: None)
    teaching.source.path = wild(start)
    teaching.go()
    for _ in range(TICKS):
        if teaching.arrived:
            teaching.run()
        yield teaching


def by_policy(bench: LockStep, rig: DrivenRig, start: Pose) -> Iterator[Any]:
    phase = Phase.CATCHING_UP

    def chunk(*_: object) -> Pose:
        return wild(start, 30 if phase is Phase.RECORDING else 3)

    step = np.full(6, rig.bounds.max_step, np.float32)
    settings = QueueSettings(1 / bench.config.fps, step, rig.grippers)
    safety = Safety(rig.bounds, rig.reachable, rig.grippers)
    policy = PolicySource(ScriptedLink(chunk), settings)
    turns = Turns(policy, safety, False, lambda turn: None)
    turns.enter(phase)
    for _ in range(TICKS):
        if phase is Phase.CATCHING_UP and turns.arrived:
            phase = Phase.RECORDING
            turns.enter(phase)
        yield turns


Drive = Callable[[LockStep, DrivenRig, Pose], Iterator[Any]]
DRIVES: dict[str, Drive] = {
    "record": by_leader,
    "rerecord": by_leader,
    "station": by_leader,  # it starts `lerecord record`
    "teleop": by_leader,
    "record --by-hand": by_hand,
    "replay": by_episode,
    "rollout": by_policy,
    "evaluate": by_policy,
}
MOVES_NOTHING = {"calibrate", "setup-motors", "doctor", "find", "hardware", "torque"}
NO_REAL_ARM = {"sim", "bench", "serve", "recover", "push", "pull", "fleet"}
"""The simulated rig, its record session, a policy without an arm, and files."""


def test_every_command_of_a_rig_is_known_to_move_it_or_not() -> None:
    files = {name for name, entry in TABLE.items() if entry.group in ("Look", "Change")}
    assert {each.split()[0] for each in DRIVES} | MOVES_NOTHING | NO_REAL_ARM | files == set(TABLE)


@pytest.mark.parametrize("drive", dict.fromkeys(DRIVES.values()), ids=lambda each: each.__name__)
def test_no_goal_is_farther_than_a_step_or_beyond_a_limit(
    bench: LockStep, goals: Goals, drive: Drive
) -> None:
    arrived = 0
    with bench.rig(leaders=drive is by_leader) as rig:
        ticks = iter(bench.pacer())
        start = rig.observe(next(ticks)).state
        for driving in drive(bench, rig, start):
            goals.writes, goals.ramp = 0, not driving.arrived
            arrived += driving.arrived
            rig.command(driving.next(rig.observe(next(ticks))))
            assert goals.writes <= 1  # two half steps are a whole one
        goals.ramp = True
        driven = len(goals.seen)
        bounds, reach = rig.bounds, rig.reachable
        low, high = reach(np.full(6, -1e6)), reach(np.full(6, 1e6))
    assert arrived > 10
    assert len(goals.seen) - driven > 5  # it parked
    assert not bench.follower("torque").any()
    calibration = bench.calibrations["main"]["follower"]
    counts = counts_per_unit(calibration)
    steps, ramps = goals.steps()
    assert (steps[ramps] <= bounds.ramp_step * counts + ROUNDING).all()
    assert (steps <= bounds.max_step * counts + ROUNDING).all()
    assert (steps[~ramps] > bounds.ramp_step * counts + ROUNDING).any()  # it did drive
    assert (low[0], high[0]) == (-60.0, 60.0)
    middle = (np.array(goals.seen[:driven])[:, 0] - zero(calibration, 0)) / counts[0]
    inside = np.abs(middle) <= 60.0 + ROUNDING
    assert inside[int(inside.argmax()) :].all()  # once it is within its limits, it stays there


def counts_per_unit(calibration: Calibration) -> NDArray[np.float64]:
    """(6,): a joint has 200 units in its range, the gripper 100."""
    joints = list(calibration.joints.values())
    spans = np.array([each.range_max - each.range_min for each in joints], np.float64)
    return spans / np.where(np.arange(6) == GRIPPER, 100.0, 200.0)


def zero(calibration: Calibration, joint: int) -> float:
    """Counts of the middle of its range."""
    held = list(calibration.joints.values())[joint]
    return (held.range_min + held.range_max) / 2


def test_calibrating_moves_nothing(make: str, goals: Goals) -> None:
    driver, arm = drivers.load("arms", make).Follower, RIGS[make].follower()
    port = LockStepPort(arm.wire())
    limp = ArmToCalibrate("main follower", driver, BUSES[make](port, driver.motors, now=port.now))
    limp.open()
    middle, ranges = limp.ranges()
    for end in ("low", "high"):
        for joint, mount in enumerate(arm.mounts):
            if (place := getattr(mount, end)) is not None:
                for share in (0.5, 1.0, 0.5, 0.0):
                    arm.hold(joint, mount.homed + share * (place - mount.homed))
                    port.sleep(0.02)
                    ranges.see(limp.shafts())
    limp.write(limp.calibration(middle, ranges, "a.json"))
    limp.close()
    assert goals.seen == []
    assert not any(servo.torque for servo in arm.servos)


def test_setting_up_a_servo_moves_nothing(make: str, goals: Goals) -> None:
    driver, arm = drivers.load("arms", make).Follower, RIGS[make].follower()
    wire: Any = arm.wire()
    servo, motor = arm.servos[2], driver.motors[3]
    wire.servos = (servo,)
    port = LockStepPort(wire)

    def opened(baud: int) -> Any:
        port.baudrate = baud
        return port

    shaft = servo.shaft
    assert set_up(opened, lone_servo(opened, motor), motor, port.sleep)
    assert servo.id == motor.id
    assert goals.seen == []
    assert (servo.shaft, servo.torque) == (shaft, False)
