"""A rig of LeRobot's arms: what becomes of it when the process of one of them is lost."""

import os
import signal
import sys
import time
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.arms import Calibration
from lerecord.config import HardwareConfig, parse_config
from lerecord.control import Handover, Leader, Rig, Setup, dataset_spec
from lerecord.dataset.format import differences
from lerecord.frame import Frame
from lerecord.pacing import Clocks, Pacer
from tests import lerobot_plugins

RAMP, FASTEST = 5.0, 12.0
NONE = {"main": dict.fromkeys(("leader", "follower"), Calibration({}, ""))}
FOUND, LED = (10.0, 20.0, 0.0), (40.0, 20.0, 1.0)


class Bench:
    """The arms, driven at one tick a second of a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = 0.0
        lerobot_plugins.put(folder / "leader", *LED)
        lerobot_plugins.put(folder / "follower", *FOUND)
        self.config: HardwareConfig = parse_config(
            {
                "robot_type": "tiny",
                "fps": 1,
                "arms": {"main": {role: self._arm(role) for role in ("leader", "follower")}},
                "safety": {"ramp_speed": RAMP, "max_speed": FASTEST, "align_tolerance": 1.0},
            },
            "rig.toml",
        )
        self.setup = Setup(folder, self.config, NONE)
        self.rig = Rig(
            self.config,
            self.setup.calibrations,
            Clocks(lambda: self.now, lambda: self.now, self.sleep),
        )
        self.handover = Handover(Leader(), self.rig.bounds, self.rig.reachable)
        self.ticks = iter(Pacer(1, lambda: self.now, self.sleep))

    def _arm(self, role: str) -> dict[str, Any]:
        options = {"type": f"tiny_{role}", "port": str(self.folder / role)}
        return {"driver": "lerobot", "python": sys.executable, "options": options}

    def sleep(self, seconds: float) -> None:
        self.now += seconds + 0.01  # a pacer waits for the last moment by looking at the clock

    def run(self, ticks: int) -> list[Frame]:
        return [
            self.rig.command(self.handover.next(self.rig.observe(tick)))
            for tick in islice(self.ticks, ticks)
        ]

    def lose(self, role: str, sent: signal.Signals) -> str:
        """End or stop its process; what is said of it."""
        os.kill(lerobot_plugins.log(self.folder / role)[-1]["pid"], sent)
        self.run(3)
        trouble = self.rig.trouble()
        assert trouble is not None
        return trouble

    def recover(self) -> list[str]:
        """As between takes; what is said on the way."""
        told: list[str] = []
        deadline = time.monotonic() + 240
        while (trouble := self.rig.trouble()) is not None:
            assert time.monotonic() < deadline
            told.append(trouble)
            self.rig.recover()
            self.run(1)
            time.sleep(0.02)
        return told

    def goals(self) -> list[list[float]]:
        return [
            each["goal"] for each in lerobot_plugins.log(self.folder / "follower") if "goal" in each
        ]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    lerobot_plugins.install(tmp_path / "packages")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    return Bench(tmp_path)


def farthest_step(goals: list[list[float]]) -> float:
    return max(float(np.abs(np.subtract(a, b)).max()) for a, b in pairwise(goals))


def test_it_follows_parks_and_is_let_go(bench: Bench) -> None:
    assert bench.rig.joints == lerobot_plugins.JOINTS
    with bench.rig:
        frames = bench.run(12)
        assert frames[-1].state.tolist() == list(LED)
        assert all(frame.measured for frame in frames)
    assert farthest_step(bench.goals()) == RAMP
    events = [set(each) - {"pid"} for each in lerobot_plugins.log(bench.folder / "follower")]
    assert bench.goals()[-1] == list(FOUND)
    assert events[-1] == {"disconnect"}
    assert bench.rig.still_held == []


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_follower_whose_process_is_lost_is_named_and_comes_back_at_ramp_speed(
    bench: Bench, sent: signal.Signals
) -> None:
    with bench.rig:
        bench.run(12)
        trouble = bench.lose("follower", sent)
        assert trouble.startswith("The main follower has been silent for ")
        assert ("killed by SIGKILL" in trouble) == (sent is signal.SIGKILL)
        before = len(bench.goals())
        lerobot_plugins.put(bench.folder / "follower", *FOUND)  # it sank
        told = bench.recover()
        assert any("hold the arm, which may go limp" in each for each in told[1:])
        bench.run(12)
        after = bench.goals()[before:]
        assert after[0] == list(FOUND)
        assert farthest_step(after) == RAMP
        assert after[-1] == list(LED)


def test_a_follower_that_stays_lost_is_not_parked_and_is_said_to_be_held(bench: Bench) -> None:
    with bench.rig:
        bench.run(12)
        bench.config.arms["main"].follower.options["does"] = "forgets"  # it cannot come back
        bench.lose("follower", signal.SIGKILL)
        before = len(bench.goals())
    assert bench.goals()[before:] == []
    assert bench.rig.still_held == ["main follower"]


def test_a_leader_whose_process_is_lost_moves_nothing(bench: Bench) -> None:
    with bench.rig:
        bench.run(12)
        trouble = bench.lose("leader", signal.SIGKILL)
        assert "The process of the main leader (tiny_leader of LeRobot) was killed" in trouble
        before = len(bench.goals())
        lerobot_plugins.put(bench.folder / "leader", *FOUND)
        bench.recover()
        bench.run(12)
        assert farthest_step(bench.goals()[before - 1 :]) == RAMP
        assert bench.goals()[-1] == list(FOUND)


def test_a_dataset_knows_its_plug_ins_again(bench: Bench) -> None:
    spec = dataset_spec(bench.setup, bench.rig)
    assert spec.hardware.calibration == {
        "main": {
            role: {"shoulder": {"id": 1, "homing_offset": 7}} for role in ("leader", "follower")
        }
    }
    other = bench.config.model_copy(deep=True)
    other.arms["main"].follower.options["does"] = "fails"
    (told,) = differences(dataset_spec(bench.setup, Rig(other, bench.setup.calibrations)), spec)
    assert told.startswith("arms.main.follower.options is ")
