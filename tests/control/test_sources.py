"""What holds of every source that drives the followers, on both transports."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from lerecord.control import Leader, Observation, Recording, Replay
from lerecord.control.source import Action, ActionSource, Driver
from lerecord.frame import Frame
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


SOURCES: dict[Driver, Callable[[], ActionSource]] = {
    Driver.LEADER: Leader,
    Driver.REPLAY: replay,
    Driver.POLICY: Wave,
}


@pytest.fixture(params=TRANSPORTS)
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[RigBench]:
    with rig_bench(request.param, monkeypatch) as made:
        yield made


def largest_step(frames: list[Frame]) -> float:
    """The farthest that a goal was from the one before it, in any joint, in units."""
    return float(np.abs(np.diff([frame.action for frame in frames], axis=0)).max())


@pytest.mark.parametrize("driver", SOURCES)
def test_every_source_begins_slowly_keeps_its_bound_holds_goes_on_and_lets_go(
    bench: RigBench, driver: Driver
) -> None:
    rig: DrivenRig = bench.rig(source=SOURCES[driver](), leaders=driver is Driver.LEADER)
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
        assert {frame.source for frame in easing + driving} == {driver}
        assert largest_step([easing[-1], *driving]) <= max_step

        rig.driving.hold()
        held = bench.run(rig, 5)
        assert largest_step([driving[-1], *held]) == 0
        assert {frame.source for frame in held} == {Driver.NOBODY}

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
