"""What holds of every source that drives the followers, on both transports."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from lerecord.arms import koch
from lerecord.control import Leader, Observation, Recording, Replay
from lerecord.control.source import Action, ActionSource, Driver
from lerecord.frame import Frame
from lerecord.motors import PortLostError
from lerecord.policy import PolicySource, QueueSettings
from lerecord.recording.session import Command, NoTakes, Phase, Plan, Session, Wanted
from lerecord.ui.terminal import Signals
from tests.scripted_policy import ScriptedLink, towards
from tests.transports import TRANSPORTS, DrivenRig, RigBench, rig_bench

ROUNDING = 1e-3  # of float32 units


class Wave:
    """A third source is one class: the followers leave where they are, and swing."""

    name = "wave"

    def enter(self, observation: Observation) -> None:
        self._middle = observation.state.clip(-60, 60)
        self._tick = 0

    def next(self, observation: Observation) -> Action:
        self._tick += observation.arrived
        swing = np.float32(20 * np.cos(self._tick / 5))
        return Action(self._middle + swing, Driver.POLICY)


def replay() -> Replay:
    steps = np.linspace(0, 1, 60, dtype=np.float32)[:, np.newaxis]
    path = np.array([30, -40, 30, 20, -20, 60], np.float32) * (0.5 + steps)
    return Replay(Recording(path, path))


def policy() -> PolicySource:
    goal = np.array([30, -40, 30, 20, -20, 60], np.float32)
    step, gripper = np.full(6, 400 / 30, np.float32), np.arange(6) == 5
    return PolicySource(ScriptedLink(towards(goal, step=40)), QueueSettings(1 / 30, step, gripper))


SOURCES: dict[str, tuple[Driver, Callable[[], ActionSource]]] = {
    "leader": (Driver.LEADER, Leader),
    "replay": (Driver.REPLAY, replay),
    "wave": (Driver.POLICY, Wave),
    "policy": (Driver.POLICY, policy),
}


@pytest.fixture(params=TRANSPORTS)
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[RigBench]:
    with rig_bench(request.param, monkeypatch) as made:
        yield made


def largest_step(frames: list[Frame]) -> float:
    """The farthest that a goal was from the one before it, in any joint, in units."""
    return float(np.abs(np.diff([frame.action for frame in frames], axis=0)).max())


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_begins_slowly_keeps_its_bound_holds_goes_on_and_lets_go(
    bench: RigBench, source: str
) -> None:
    driver, make = SOURCES[source]
    rig: DrivenRig = bench.rig(source=make(), leaders=driver is Driver.LEADER)
    ramp_step, max_step = rig.bounds.ramp_step + ROUNDING, rig.bounds.max_step + ROUNDING
    with rig:
        found = bench.follower("goal")
        if driver is Driver.LEADER:
            bench.move_leader()
        easing = bench.align(rig)
        assert len(easing) > 5
        assert np.abs(easing[0].action - easing[0].state).max() <= ramp_step + 0.5
        assert largest_step(easing) <= ramp_step

        driving = bench.run(rig, 20)
        moved = [frame for frame in easing + driving if frame.source != Driver.NOBODY]
        assert {frame.source for frame in moved} == {driver}
        assert len(easing + driving) - len(moved) <= 5 * (source == "policy")  # it thinks
        assert largest_step([easing[-1], *driving]) <= max_step

        rig.driving.hold()
        held = bench.run(rig, 5)
        assert largest_step([driving[-1], *held]) == 0
        assert {frame.source for frame in held} == {Driver.NOBODY}
        assert all(frame.measured for frame in held)

        rig.driving.resume()
        again = bench.run(rig, 1) + bench.align(rig)
        assert largest_step([held[-1], *again]) <= ramp_step
    assert not bench.follower("torque").any()
    assert np.abs(bench.follower("goal") - found).max() < 20  # parked where it was found


def test_followers_alone_are_driven_without_contacting_a_leader(bench: RigBench) -> None:
    with bench.rig(source=Wave(), leaders=False) as rig:
        assert list(rig.identity()["main"]) == ["follower"]
        assert not bench.trigger_torque()  # a leader that is set up holds its trigger open
        observed = rig.observe(next(iter(bench.pacer())))
        assert np.isnan(observed.leader).all()
        assert observed.leader_valid


class Script:
    """Asks for things at given ticks, and notes the phases."""

    def __init__(self, commands: Mapping[int, Command | signal.Signals]) -> None:
        self._commands = commands
        self._polls = 0
        self.phases: list[Phase] = []

    def poll(self) -> Command | None:
        self._polls += 1
        asked = self._commands.get(self._polls)
        if isinstance(asked, signal.Signals):
            os.kill(os.getpid(), asked)
            return None
        return asked

    def enter(self, phase: Phase) -> None:
        self.phases.append(phase)


class Seen:
    """A listener that keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def tell(self, session: Session, frame: Frame) -> None:
        self.frames.append(frame)

    def notice(self, sentence: str) -> None:
        pass


def replayed(bench: RigBench, commands: Mapping[int, Command | signal.Signals]) -> Session:
    """A replay that is over when one of the commands ends it; unattended."""
    rig, seen, script = bench.rig(source=replay(), leaders=False), Seen(), Script(commands)
    plan = Plan((Wanted("Replay"),), attended=False, between=Phase.DRIVING)
    with Signals() as signals, rig:
        signals.listen()
        found = bench.follower("goal")
        session = Session(rig, rig.driving, NoTakes(""), plan, [script, signals], seen)
        session.run(bench.pacer())
        assert bench.follower("torque").all()  # it holds until it is parked
    assert not bench.follower("torque").any()
    assert np.abs(bench.follower("goal") - found).max() < 20
    assert largest_step(seen.frames) <= rig.bounds.max_step + ROUNDING
    held = [frame for frame in seen.frames if frame.source == Driver.NOBODY]
    assert (Phase.HOLDING in script.phases) == bool(held)
    return session


@pytest.mark.parametrize(
    "commands",
    [
        {40: Command.QUIT},
        {40: signal.SIGINT},
        {40: Command.HOLD, 45: Command.QUIT},
        {40: Command.HOLD, 45: signal.SIGINT},
        {40: Command.HOLD, 45: Command.RESUME, 60: Command.QUIT},
    ],
)
def test_a_replay_that_is_stopped_parks_and_lets_go(
    bench: RigBench, commands: Mapping[int, Command | signal.Signals]
) -> None:
    assert replayed(bench, commands).failure is None


def test_a_replay_that_loses_its_port_holds_ends_and_parks(
    bench: RigBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = koch.Follower.read, 0

    def pulled(arm: koch.Follower) -> np.ndarray:
        nonlocal reads
        reads += 1
        if 40 <= reads < 80:
            raise PortLostError("The port is gone.")
        return read(arm)

    monkeypatch.setattr(koch.Follower, "read", pulled)
    session = replayed(bench, {})
    assert session.failure is not None
    assert "The port is gone." in session.failure
