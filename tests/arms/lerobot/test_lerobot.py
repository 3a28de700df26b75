"""Arms that a plug-in of LeRobot drives, with a tiny LeRobot in the other interpreter."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lerecord.arms import ArmSettings, Calibration
from lerecord.arms.lerobot import Follower, Leader
from lerecord.errors import LerecordError
from lerecord.motors import BusError, PortLostError, Retry
from tests import lerobot_plugins

PATIENT = Retry(budget_s=5.0)
NONE = Calibration({}, "")


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lerobot_plugins.install(tmp_path / "packages")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    lerobot_plugins.put(tmp_path / "follower", 10.0, 20.0, 0.0)
    return tmp_path / "follower"


def settings(place: Path, kind: str = "tiny_follower", **options: Any) -> ArmSettings:
    given = {"type": kind, "port": str(place)} | options
    return ArmSettings("main arm", "", retry=PATIENT, python=sys.executable, options=given)


@pytest.fixture
def follower(port: Path) -> Follower:
    arm = Follower(settings(port), NONE, "normalized")
    arm.examine()
    arm.connect()
    return arm


def happened(port: Path) -> list[Any]:
    return [{k: v for k, v in each.items() if k != "pid"} for each in lerobot_plugins.log(port)]


def pid(port: Path) -> int:
    last: int = lerobot_plugins.log(port)[-1]["pid"]
    return last


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_robot_is_read_and_sent_in_bounded_steps(port: Path, follower: Follower) -> None:
    assert follower.joints == ("shoulder", "gripper", "base.vel")
    assert follower.features == lerobot_plugins.JOINTS
    follower.ask()
    assert follower.read().tolist() == [10.0, 20.0, 0.0]
    assert follower.command([40.0, 20.0, 1.0], 5.0).tolist() == [15.0, 20.0, 1.0]
    assert follower.command([40.0, 20.0, 1.0], 1000.0).tolist() == [40.0, 20.0, 1.0]
    assert follower.read().tolist() == [40.0, 20.0, 1.0]
    follower.release()
    follower.disconnect()
    assert happened(port) == [
        {"connect": False},
        {"goal": [10.0, 20.0, 0.0]},  # it holds the pose in which it is found
        {"goal": [15.0, 20.0, 1.0]},
        {"goal": [40.0, 20.0, 1.0]},
        {"disconnect": True},  # and is not dropped by what LeRobot does when an object is deleted
    ]
    assert follower.counters.transactions == 6
    assert follower.counters.timeouts == 0


def test_an_arm_that_is_not_let_go_is_left_as_it_is(port: Path, follower: Follower) -> None:
    follower.disconnect()
    follower.disconnect()
    assert happened(port)[-1] == {"goal": [10.0, 20.0, 0.0]}
    with pytest.raises(PortLostError, match="is not connected"):
        follower.release()


def test_a_teleoperator_is_a_leader_and_is_found_in_a_package_of_its_own(port: Path) -> None:
    leader = Leader(settings(port, "tiny_leader"), NONE, "normalized")
    leader.examine()
    leader.connect()
    assert leader.read().tolist() == [10.0, 20.0, 0.0]
    assert leader.identity.version == "lerobot-teleoperator-tiny 1.2"
    leader.disconnect()
    assert happened(port) == [{"connect": False}, {"disconnect": True}]


def test_it_is_the_plug_in_its_version_and_its_options_wherever_it_is(port: Path) -> None:
    def identity(**options: Any) -> Any:
        return Follower(settings(port, **options), NONE, "normalized").identity

    first = identity()
    assert (first.plugin, first.version) == ("tiny_follower", "lerobot 9.9")
    assert first == identity(port="elsewhere", id="another")
    assert first != identity(does="fails")


def test_the_calibration_that_lerobot_has_loaded_is_told(follower: Follower) -> None:
    assert follower.calibration == {"shoulder": {"id": 1, "homing_offset": 7}}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"kind": "tall"}, r"says: LookupError: there is no robot 'tall'; known are tiny_follower"),
        ({"kind": "tall"}, r"lerobot.robots.broken \(No module named 'a_package_that_is_not"),
        ({"does": "asks"}, "asks a question, and nobody can answer it here"),
        ({"does": "forgets"}, "not calibrated: calibrate it with `lerobot-calibrate` under"),
        ({"use_degrees": True}, "others: set use_degrees = false in its options"),
        ({"speed": 3}, r"says: TypeError: .* unexpected keyword argument 'speed'"),
        ({"cameras": {}}, r"name cameras: take them out, and give them in \[cameras\]"),
    ],
)
def test_one_that_cannot_be_used_is_refused(port: Path, options: Any, said: str) -> None:
    def connect() -> None:
        arm = Follower(settings(port, **options), NONE, "normalized")
        arm.examine()
        arm.connect()

    with pytest.raises(LerecordError, match=said):
        connect()


def test_an_interpreter_that_is_none_is_named(port: Path) -> None:
    given = ArmSettings("main arm", "", python="/no/python", options={"type": "x"})
    with pytest.raises(LerecordError, match=r"^/no/python cannot be run \(No such file"):
        Follower(given, NONE, "normalized")
    given = ArmSettings("main arm", "", python=sys.executable)
    with pytest.raises(LerecordError, match="options with the type of a plug-in"):
        Follower(given, NONE, "normalized")


def test_a_read_that_fails_is_tried_again_in_its_process(port: Path) -> None:
    arm = Follower(settings(port, does="fails once"), NONE, "normalized")
    arm.connect()
    arm.counters.retries = 0
    assert arm.read().tolist() == [10.0, 20.0, 0.0]
    assert arm.counters.retries == 1
    arm = Follower(settings(port, does="fails"), NONE, "normalized")
    with pytest.raises(BusError, match="says: ConnectionError: Failed to sync read"):
        arm.connect()


def test_a_connection_that_is_lost_halfway_is_closed_and_made_again(port: Path) -> None:
    arm = Follower(settings(port, does="half opens"), NONE, "normalized")
    arm.connect()  # it loses the packets of the first try, and then of closing
    assert happened(port)[:3] == [{"connect": False}, {"disconnect": True}, {"connect": False}]
    assert arm.read().tolist() == [10.0, 20.0, 0.0]


def test_one_that_is_stopped_is_silent_and_nothing_is_sent_to_it(
    port: Path,
) -> None:
    hasty = replace(settings(port), retry=Retry(budget_s=0.02))
    follower = Follower(hasty, NONE, "normalized")
    follower.connect()
    until(lambda: why(follower.read) == "")
    before = follower.counters.transactions
    lost = pid(port)
    os.kill(lost, signal.SIGSTOP)
    for _ in range(3):
        follower.ask()
        with pytest.raises(BusError, match=r"did not answer within|is busy"):
            follower.read()
        with pytest.raises(BusError, match="is busy"):
            follower.command([0.0, 0.0, 0.0], 1.0)
    assert follower.counters.transactions == before + 1
    os.kill(lost, signal.SIGCONT)
    follower.disconnect()
    assert happened(port)[-1] == {"goal": [10.0, 20.0, 0.0]}


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_one_that_is_lost_is_named_started_again_and_goes_on_from_where_it_stands(
    port: Path, follower: Follower, sent: signal.Signals
) -> None:
    follower.command([12.0, 20.0, 0.0], 5.0)
    os.kill(pid(port), sent)
    if sent is signal.SIGKILL:
        until(lambda: "killed by SIGKILL" in why(follower.read))
        assert "killed by SIGKILL" in why(lambda: follower.command([50.0, 20.0, 0.0], 5.0))
    lerobot_plugins.put(port, 30.0, 20.0, 0.0)  # somebody has moved it meanwhile
    told = []

    def is_back() -> bool:
        follower.disconnect()
        try:
            follower.connect()
        except BusError as error:
            told.append(str(error))
            return False
        return True

    until(is_back)
    assert told
    assert all("LeRobot is starting again for the main arm" in each for each in told)
    assert happened(port)[-1] == {"goal": [30.0, 20.0, 0.0]}
    assert follower.command([50.0, 20.0, 0.0], 5.0).tolist() == [35.0, 20.0, 0.0]
    follower.release()
    follower.disconnect()


def why(call: Callable[[], object]) -> str:
    try:
        call()
    except BusError as error:
        return str(error)
    return ""


def test_the_first_values_may_take_their_time(port: Path) -> None:
    arm = Follower(replace(settings(port), retry=Retry(budget_s=0.0)), NONE, "normalized")
    arm.connect()
    assert arm.read().tolist() == [10.0, 20.0, 0.0]
    with pytest.raises(BusError, match="did not answer within 0 ms"):
        arm.read()


def test_the_first_values_are_tried_for_as_long_as_that(port: Path) -> None:
    arm = Follower(settings(port, does="fails at first"), NONE, "normalized")
    arm.connect()
    assert arm.read().tolist() == [10.0, 20.0, 0.0]
    assert arm.counters.retries == 5


def test_a_value_that_is_no_number_is_no_reading(port: Path, follower: Follower) -> None:
    port.write_text("[1.0, NaN, 2.0]")
    with pytest.raises(BusError, match=r"gives a value for gripper\.pos that is no number"):
        follower.read()


def test_limits_of_the_config_hold(port: Path) -> None:
    limits = {"gripper": [5.0, 21.0]}
    arm = Follower(replace(settings(port), limits=limits), NONE, "normalized")
    arm.examine()
    arm.connect()
    assert arm.reachable(np.array([99.0, 99.0, 99.0])).tolist() == [99.0, 21.0, 99.0]
    assert arm.command([10.0, 99.0, 0.0], 5.0).tolist() == [10.0, 21.0, 0.0]


def test_single_joints_cannot_be_let_go(port: Path) -> None:
    arm = Follower(settings(port), NONE, "normalized")
    assert not arm.goes_limp
    with pytest.raises(LerecordError, match="cannot let single joints of the main arm"):
        arm.loosen(["gripper"])
