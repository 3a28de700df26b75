import os
import signal
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.config import HardwareConfig
from lerecord.errors import ConfigError, DeviceError
from lerecord.frame import NO_FAULTS, Frame
from lerecord.motors.dynamixel import DynamixelBus
from lerecord.pacing import Clocks, Pacer
from tests.live import SETUP, Simulator
from tests.transports import DrivenRig as Rig


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    running = Simulator()
    yield running
    running.close()


def run(rig: Rig, config: HardwareConfig, ticks: int) -> list[Frame]:
    return [rig.step(tick) for tick in islice(Pacer(config.fps), ticks)]


def test_the_follower_ramps_to_the_leader_and_then_follows(simulator: Simulator) -> None:
    config = simulator.config
    with Rig(config, SETUP.calibrations) as rig:
        simulator.ask({"phase": "reset"}, "ready")  # the leader is home and stays there
        frames = [rig.step(tick) for tick in islice(Pacer(config.fps), 1)]
        for tick in islice(Pacer(config.fps), 600):
            if rig.aligned:
                break
            frames.append(rig.step(tick))
        assert rig.aligned
        assert len(frames) > 10
        actions = np.array([frames[0].state, *(frame.action for frame in frames)])
        steps = np.abs(np.diff(actions, axis=0)).max(axis=1)
        assert steps.max() <= config.safety.ramp_speed / config.fps + 1e-3
        followed = run(rig, config, 45)
        last = followed[-1]
        assert all(frame.measured for frame in followed)
        np.testing.assert_allclose(last.action, last.requested, atol=1e-4)
        np.testing.assert_allclose(last.state, last.requested, atol=1.5)
        for frame in frames + followed:
            assert frame.motion is not None
            assert frame.motion.velocity.shape == frame.motion.effort.shape == frame.state.shape
        assert any(np.abs(frame.motion.effort).max() > 0 for frame in frames if frame.motion)


def test_every_arm_is_asked_before_the_first_is_waited_for(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    for name in ("ask_present", "read_present"):
        method = getattr(DynamixelBus, name)

        def told(bus: DynamixelBus, *args: Any, name: str = name, method: Any = method) -> Any:
            seen.append(f"{name} {Path(bus.port_name).name}")
            return method(bus, *args)

        monkeypatch.setattr(DynamixelBus, name, told)
    with Rig(simulator.config, SETUP.calibrations) as rig:
        seen.clear()
        run(rig, simulator.config, 1)
        first = seen[:4]
    assert sorted(first[:2]) == ["ask_present follower", "ask_present leader"]
    assert sorted(first[2:]) == ["read_present follower", "read_present leader"]


def test_the_follower_parks_where_it_was_found_before_torque_goes_off(simulator: Simulator) -> None:
    found = simulator.follower_found()
    simulator.say({"phase": "reset"})
    with Rig(simulator.config, SETUP.calibrations) as rig:
        run(rig, simulator.config, 60)
        assert simulator.follower("torque").all()
        assert np.abs(simulator.follower("position") - found).max() > 100
    assert not simulator.follower("torque").any()
    # The goals tell where it was when it was let go; the positions could have sunk there.
    assert np.abs(simulator.follower("goal") - found).max() < 20


def test_an_error_in_the_loop_parks_and_releases_too(simulator: Simulator) -> None:
    def faulty_loop() -> None:
        with Rig(simulator.config, SETUP.calibrations) as rig:
            run(rig, simulator.config, 5)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        faulty_loop()
    assert not simulator.follower("torque").any()


def test_a_silent_rig_holds_repeats_and_is_told(simulator: Simulator) -> None:
    simulator.say({"phase": "reset"})
    quality = simulator.config.quality.model_copy(update={"max_silence_s": 60.0})
    config = simulator.config.model_copy(update={"quality": quality})
    later_s = 0.0  # how long the silence is said to be, whatever this machine is busy with
    clocks = Clocks(lambda: time.monotonic() + later_s)
    with Rig(config, SETUP.calibrations, clocks) as rig:
        before = run(rig, config, 70)[-1]
        assert rig.trouble() is None
        os.kill(simulator.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, simulator.process.pid, os.WSTOPPED)  # its threads answer until then
        silent = run(rig, config, 5)
        assert rig.trouble() is None
        later_s = 60.0
        silent += run(rig, config, 2)
        trouble = rig.trouble()
        os.kill(simulator.process.pid, signal.SIGCONT)
        assert not any(frame.measured for frame in silent)
        for frame in silent:
            np.testing.assert_array_equal(frame.state, before.state)
            np.testing.assert_array_equal(frame.action, before.action)
        assert trouble is not None
        assert "The main leader has been silent for" in trouble
        assert not rig.aligned  # it catches up slowly when the leader is heard again
        after = run(rig, config, 30)
        assert any(frame.measured for frame in after)
        assert rig.trouble() is None


def test_a_tripped_servo_is_told_for_as_long_as_it_is_and_the_arm_is_let_go(
    simulator: Simulator,
) -> None:
    config = simulator.config
    with Rig(config, SETUP.calibrations) as rig:
        run(rig, config, 10)
        simulator.inject(servo=[{"arm": "follower", "id": 3, "fault": "overload"}])
        last = run(rig, config, 3)[-1]
        trouble = rig.trouble()
        assert trouble is not None
        assert trouble.startswith("The main follower cannot go on. Servo 3 (elbow_flex) on ")
        assert (last.measured, last.faults.alerts) == (False, 1)
        rig.recover()
        run(rig, config, 3)
        assert rig.trouble() == trouble
        assert not rig.aligned
    assert not simulator.follower("torque").any()
    assert rig.still_held == []


def test_what_fails_on_the_buses_is_counted_in_its_tick(simulator: Simulator) -> None:
    with Rig(simulator.config, SETUP.calibrations) as rig:
        first = run(rig, simulator.config, 3)
        simulator.inject(wire=[{"arm": "leader", "id": 2, "fault": "corrupt", "every": 2}])
        frames = run(rig, simulator.config, 12)
        injected = simulator.injected()
    assert [frame.faults for frame in first] == [NO_FAULTS] * 3
    failed = sum(frame.faults.timeouts + frame.faults.corrupt for frame in frames)
    assert failed == injected["spoiled"]["leader"]
    # On a busy machine there may be no time left for a retry: that frame is not measured.
    given_up = sum(not frame.measured for frame in frames)
    assert failed == sum(frame.retries for frame in frames) + given_up >= 8


def test_a_port_that_does_not_exist_is_named(simulator: Simulator) -> None:
    nowhere = SETUP.config.reached_at(
        {"leader": "/dev/ttyNOT", "follower": "/dev/ttyNOT"},
        dict.fromkeys(SETUP.config.cameras, ""),
    )
    rig = Rig(nowhere, SETUP.calibrations)
    with pytest.raises(DeviceError, match="/dev/ttyNOT"):
        rig.__enter__()


@pytest.mark.parametrize(
    ("key", "most"), [("max_speed", 600), ("ramp_speed", 120), ("align_tolerance", 10)]
)
def test_no_config_passes_the_ceiling_of_its_arms(key: str, most: float) -> None:
    def limited(value: float) -> HardwareConfig:
        safety = SETUP.config.safety.model_copy(update={key: value})
        return SETUP.config.model_copy(update={"safety": safety})

    Rig(limited(most), SETUP.calibrations)
    with pytest.raises(ConfigError, match=rf"{key} in \[safety\] is .* takes {most} at most"):
        Rig(limited(most + 1), SETUP.calibrations)


def test_joints_are_named_as_lerobot_names_them() -> None:
    assert Rig(SETUP.config, SETUP.calibrations).joints[0] == "shoulder_pan.pos"
    pair = SETUP.config.arms["main"]
    two = SETUP.config.model_copy(update={"arms": {"left": pair, "right": pair}})
    calibrations = dict.fromkeys(("left", "right"), SETUP.calibrations["main"])
    rig = Rig(two, calibrations)
    joints = rig.joints
    assert [joint for joint, grips in zip(joints, rig.grippers, strict=True) if grips] == [
        "left_gripper.pos",
        "right_gripper.pos",
    ]
    assert len(joints) == 12
    assert (joints[0], joints[-1]) == ("left_shoulder_pan.pos", "right_gripper.pos")
