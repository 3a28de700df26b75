"""Teaching by hand, without a leader: on the simulated rig, in virtual time."""

from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lerecord.cli.by_hand_session import SimulatedHand, TakesOfPath, by_hand
from lerecord.cli.record_options import RecordOptions
from lerecord.control import Setup, Teaching
from lerecord.errors import ConfigError
from lerecord.frame import Frame
from lerecord.recording.session import Command, Operator, Phase, Plan, Session, Wanted
from lerecord.simulator.messages import Done, Ready, StagePhase
from lerecord.simulator.server.stage import Stage
from tests.live import SETUP, SO101
from tests.transports import DrivenRig, LockStep

_STEP = 1e-3  # units: a float32 of a hundred


class Wire:
    """The servos of an arm, in a world that has come to when they are asked."""

    def __init__(self, stage: Stage, name: str, arm: Any) -> None:
        self._stage, self._name, self._wire = stage, name, arm.wire()

    def feed(self, data: bytes, now: float, baud: int | None = None) -> bytes:
        with self._stage.asked(self._name, now):
            answer: bytes = self._wire.feed(data, now, baud)
            return answer


class Staged(LockStep):
    """The rig in a world with a box, and a hand that takes the follower."""

    def __init__(self, patch: pytest.MonkeyPatch, setup: Setup) -> None:
        super().__init__(patch, setup)
        self.config = self.config.model_copy(update={"fps": 10})  # which is all that it takes
        self.stage = Stage(3, lambda: self.time.s, rig=self._make_of_arms)
        world: Any = self.stage._world
        arms = {"Leader": world.leader, "Follower": world.follower}
        self._arms = {
            kind: SimpleNamespace(
                servos=arm.servos, wire=partial(Wire, self.stage, kind.lower(), arm)
            )
            for kind, arm in arms.items()
        }
        self._ready = self._done = False

    def enter(self, phase: Phase) -> None:
        """As the recorder tells a simulated rig."""
        if phase is Phase.RESETTING:
            self.put_back()

    @property
    def is_ready(self) -> bool:
        event = self.stage.poll()
        self._ready |= isinstance(event, Ready)
        self._done |= isinstance(event, Done)
        return self._ready

    @property
    def is_done(self) -> bool:
        _ = self.is_ready
        return self._done

    def guide(self) -> None:
        self._done = False
        self.stage.begin(StagePhase.GUIDE)

    def put_back(self) -> None:
        self._ready = self._done = False
        self.stage.begin(StagePhase.AGAIN)

    def poll(self) -> Command | None:
        return None


class Takes:
    """Keeps the frames of each take, and whether the box stood on its target at the end."""

    episodes_saved = ()

    def __init__(self, bench: Staged) -> None:
        self._bench = bench
        self.frames: list[list[Frame]] = []
        self.stood: list[bool] = []
        self.length = 0
        self.full = False
        self.seconds = 0.0

    def begin(self, task: str, replaces: int | None) -> Any:
        self.frames.append([])
        return self

    def add(self, frame: Frame, missed: int) -> None:
        self.frames[-1].append(frame)
        self.length = len(self.frames[-1])

    def save(self, take: Any) -> int:
        self.stood.append(self._bench.stage.truth().box_on_target)
        return len(self.stood) - 1

    def judge(self, success: bool) -> None:
        pass

    def obstacle(self) -> str | None:
        return None

    def trouble(self) -> str | None:
        return None

    def recover(self) -> None:
        pass

    discard = leave = save


class Run:
    """A session, with every frame of it."""

    def __init__(self, bench: Staged, *operators: Operator, episodes: int | None = None) -> None:
        self.bench = bench
        self.told: list[str] = []
        self.all: list[tuple[Phase, Frame, np.ndarray]] = []
        self.rig: DrivenRig = bench.rig(leaders=False)
        self.teaching = Teaching(self.rig, bench.config.fps, self.told.append)
        self.takes = Takes(bench)
        person = SimulatedHand(bench, self.teaching, attended=bool(operators))  # type: ignore[arg-type]
        asked: list[Operator] = [*operators, bench, person, TakesOfPath(self.teaching)]
        plan = Plan((Wanted("Grab it"),), episodes, attended=False)
        takes: Any = self.takes
        self.session = Session(self.rig, self.teaching, takes, plan, asked, self)
        with self.rig:
            self.found = self.rig._pairs["main"].follower.reading
            self.session.run(bench.pacer())

    def tell(self, session: Session, frame: Frame) -> None:
        self.all.append((session.phase, frame, self.bench.follower("torque")))

    def notice(self, sentence: str) -> None:
        self.told.append(sentence)

    def farthest_step(self, *phases: Phase) -> float:
        steps = [
            float(np.abs(after[1].action - before[1].action).max())
            for before, after in pairwise(self.all)
            if after[0] in phases and after[2].all() and before[2].all()
        ]
        return max(steps)


@pytest.fixture(params=[SETUP, SO101], ids=["koch", "so101"])
def bench(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Staged:
    return Staged(monkeypatch, request.param)


def test_a_taught_path_puts_the_box_on_its_target_in_every_take(bench: Staged) -> None:
    run = Run(bench, episodes=2)
    assert run.takes.stood == [True, True]
    bounds = run.rig.bounds
    assert run.farthest_step(Phase.CATCHING_UP) <= bounds.ramp_step + _STEP
    assert run.farthest_step(Phase.RECORDING) <= bounds.max_step + _STEP
    first, second = ([frame.action for frame in each] for each in run.takes.frames)
    assert len(first) == len(second)
    np.testing.assert_array_equal(first, second)
    limp = [torque for phase, _, torque in run.all if not torque.all()]
    counts = [int(torque.sum()) for torque in limp]
    assert counts == sorted(counts, reverse=True)  # joint by joint, and once
    assert limp[0].tolist() == [True] * 5 + [False]  # the gripper first
    assert {phase for phase, _, torque in run.all if not torque.all()} == {Phase.RESETTING}
    assert not run.bench.follower("torque").any()
    assert run.rig.still_held == []
    told = ["Hold the arm as it stands", "The arm is going limp", "The arm is limp. Do the task"]
    assert all(said.startswith(due) for said, due in zip(run.told, told, strict=False))
    assert "a path of " in run.told[3]


class Presses:
    """An operator that presses keys at some ticks."""

    def __init__(self, **keys: Command) -> None:
        self._keys = {int(tick.removeprefix("at_")): command for tick, command in keys.items()}
        self._ticks = 0

    def poll(self) -> Command | None:
        self._ticks += 1
        return self._keys.get(self._ticks)

    def enter(self, phase: Phase) -> None:
        """Whatever the phase is."""


TEACH, QUIT, GO = Command.TAKE_OVER, Command.QUIT, Command.GO


def test_an_arm_that_is_limp_is_held_again_and_parked_when_the_session_ends(
    bench: Staged, monkeypatch: pytest.MonkeyPatch
) -> None:
    torque: list[bool] = []
    goals: list[np.ndarray] = []
    release = DrivenRig._release

    def released(rig: DrivenRig) -> None:
        torque.append(bool(bench.follower("torque").all()))
        goals.append(rig._pairs["main"].action)
        release(rig)

    monkeypatch.setattr(DrivenRig, "_release", released)
    run = Run(bench, Presses(at_2=TEACH, at_4=TEACH, at_70=QUIT))
    assert not run.all[-1][2].any()  # it was limp to the last tick, and in the hand elsewhere
    assert np.abs(run.all[-1][1].state - run.found).max() > 5.0
    assert torque == [True]
    np.testing.assert_allclose(goals[0], run.found, atol=0.5)
    assert run.takes.frames == []


def test_no_take_begins_without_a_path_and_none_while_the_arm_is_limp(bench: Staged) -> None:
    run = Run(bench, Presses(at_2=GO, at_4=TEACH, at_6=TEACH, at_20=GO, at_30=QUIT))
    assert "Nothing has been taught yet: press t to begin." in run.told
    assert "The arm is limp: press t when the path is done, and only then Enter." in run.told
    assert run.takes.frames == []


def test_a_press_while_it_goes_limp_holds_it_again(bench: Staged) -> None:
    run = Run(bench, Presses(at_2=TEACH, at_4=TEACH, at_16=TEACH, at_20=QUIT))
    assert run.told[-1] == "The arm is held again; nothing was taught."
    held = [torque.all() for _, _, torque in run.all]
    assert False in held
    assert held[-3:] == [True] * 3


def test_a_take_that_starts_by_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match="leave out --reset-time"):
        by_hand(RecordOptions(reset_time=3.0, task="x"))


def test_arms_that_do_not_go_limp_are_refused() -> None:
    opened: Any = SimpleNamespace(rig=SimpleNamespace(goes_limp=False))
    with pytest.raises(ConfigError, match="plug-ins of LeRobot have no way to do that"):
        by_hand(RecordOptions(task="x")).cast(opened)


def test_a_real_rig_is_taught_in_a_terminal() -> None:
    opened: Any = SimpleNamespace(rig=SimpleNamespace(goes_limp=True), simulated=None)
    with pytest.raises(ConfigError, match="run it in a terminal"):
        by_hand(RecordOptions(task="x")).cast(opened)
