"""The commands that bring a rig up, over real serial ports, with simulated servos at the end."""

import json
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lerecord.bringup import Finding
from lerecord.cli.doctor_report import examine
from lerecord.cli.output import Output
from lerecord.motors.dynamixel import XL330_M288
from lerecord.simulator.dynamixel import Bus, Servo
from lerecord.simulator.ports import Ports
from lerecord.simulator.rigs import koch

LERECORD = str(Path(sysconfig.get_path("scripts")) / "lerecord")
RIG = """
robot_type = "koch"
fps = 30
[arms.main.leader]
driver = "koch"
port = "{leader}"
calibration = "leader.json"
[arms.main.follower]
driver = "koch"
port = "{follower}"
calibration = "follower.json"
"""


class Heard:
    """Counts what the last servo of an arm was asked."""

    def __init__(self, servo_id: int) -> None:
        self._id = servo_id
        self._requests = 0

    def __call__(self, servo_id: int, instruction: int) -> bool:
        self._requests += servo_id == self._id
        return True

    def wait(self, requests: int) -> None:
        """Until so many more have come."""
        due = self._requests + requests
        while self._requests < due:
            time.sleep(0.01)


@dataclass
class Bench:
    """Two arms that were never calibrated, and a servo from its box, each on a port."""

    folder: Path
    leader: Any
    follower: Any
    loose: Any
    ports: dict[str, str]
    heard: Heard

    @property
    def rig(self) -> str:
        return str(self.folder / "rig.toml")

    def hold(self, place: Callable[[Any], float | None], share: float = 1.0) -> None:
        """A hand moves each joint of the follower to its place, or a share of the way from homed.

        Args:
            place: coordinate of a joint; None where it has none.
            share: of the way.
        """
        for servo, mount in zip(self.follower.servos, self.follower.mounts, strict=True):
            if (end := place(mount)) is not None:
                shaft = mount.shaft(mount.homed + share * (end - mount.homed))
                servo.world.hand = servo.shaft = shaft

    def run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [LERECORD, *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    leader, follower = koch.leader(), koch.follower()
    loose = Servo(XL330_M288, 1, baud=1)
    heard = Heard(len(follower.servos))
    ports = Ports(time.monotonic)
    names = {
        "leader": ports.add_terminal(Bus(leader.servos)),
        "follower": ports.add_terminal(Bus(follower.servos, heard)),
        "loose": ports.add_terminal(Bus([loose])),
    }
    with ports:
        (tmp_path / "rig.toml").write_text(RIG.format(**names), encoding="utf-8")
        yield Bench(tmp_path, leader, follower, loose, names, heard)


def test_ports_tell_which_arm_answers(bench: Bench) -> None:
    asked = [
        word
        for port in (bench.ports["leader"], bench.ports["follower"])
        for word in ("--port", port)
    ]
    found = json.loads(bench.run("find", "ports", *asked, "--json").stdout)["ports"]
    assert [each["answering"][0]["arms"] for each in found] == [
        ["koch leader"],
        ["koch follower"],
    ]
    assert [servo["id"] for servo in found[0]["answering"][0]["servos"]] == [1, 2, 3, 4, 5, 6]
    assert found[1]["answering"][0]["baud"] == 1_000_000


def test_what_is_plugged_in_and_out_is_told_as_it_happens(bench: Bench) -> None:
    port = bench.folder / "port"
    process = subprocess.Popen(
        [LERECORD, "find", "ports", "--watch", "--port", str(port), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if "Ctrl-C" in line:
                port.symlink_to(bench.ports["leader"])
            elif line.startswith("    ") and port.is_symlink():
                port.unlink()
            elif "unplugged" in line:
                process.send_signal(signal.SIGINT)
        told = json.loads(process.communicate()[0])
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    assert [each["is_plugged_in"] for each in told["changes"]] == [True, False]
    assert told["changes"][0]["answering"][0]["arms"] == ["koch leader"]
    assert told["ports"][0]["failure"] is not None  # it was not there at first


def test_every_arm_is_let_go_and_what_is_not_is_named(bench: Bench) -> None:
    for servo in (*bench.leader.servos, *bench.follower.servos):
        servo.write(64, b"\x01")
    done = bench.run("torque", "off", "--hardware", bench.rig)
    assert done.stdout.splitlines() == ["The main leader is limp.", "The main follower is limp."]
    assert not any(each.torque for each in (*bench.leader.servos, *bench.follower.servos))


def test_an_arm_is_calibrated_by_hand(bench: Bench) -> None:
    bench.hold(lambda mount: mount.homed)
    process = subprocess.Popen(
        [LERECORD, "calibrate", "follower", "--hardware", bench.rig, "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        for said in ("goes limp now", "middle of its range"):
            assert said in process.stderr.readline()
            process.stdin.write("\n")
            process.stdin.flush()
        bench.heard.wait(30)  # it looks at the joints again and again
        for end in (lambda mount: mount.low, lambda mount: mount.high):
            for share in (0.5, 1.0, 0.5, 0.0):
                bench.hold(end, share)
                bench.heard.wait(3)
        process.stdin.write("\n")
        process.stdin.flush()
        result = process.stdout.read()
    assert process.returncode == 0
    told = json.loads(result)
    assert json.loads(Path(told["file"]).read_text(encoding="utf-8")) == told["calibration"]
    offsets = [servo.value("Homing_Offset") for servo in bench.follower.servos]
    assert offsets == [joint["homing_offset"] for joint in told["calibration"].values()]

    agreed = bench.run("calibrate", "follower", "--hardware", bench.rig, "--check")
    assert agreed.stdout.startswith("The servos of the main follower agree with ")


def test_breaking_off_changes_nothing(bench: Bench) -> None:
    done = bench.run("calibrate", "leader", "--hardware", bench.rig, given="\nq\n")
    assert done.returncode == 2
    told = done.stderr.splitlines()[-1]
    assert told == "lerecord: Stopped; the calibration was not changed."
    assert not (bench.folder / "leader.json").exists()
    assert [servo.value("Homing_Offset") for servo in bench.leader.servos] == [0] * 6


def test_the_doctor_names_what_is_missing(bench: Bench) -> None:
    done = bench.run("doctor", "--hardware", bench.rig, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["sound"]) == (1, False)
    remedies = [each["remedy"] for each in told["findings"]]
    assert [each for each in remedies if each is not None and "calibrate" in each] == [
        "`lerecord calibrate main.leader` with the same --hardware",
        "`lerecord calibrate main.follower` with the same --hardware",
    ]


def test_the_doctor_counts_what_needs_attention(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = []
    for wrong in (0, 1, 2):
        found = [Finding("x", "fact", "remedy" if at < wrong else None) for at in range(3)]
        monkeypatch.setattr("lerecord.cli.doctor_report._findings", lambda *_, found=found: found)
        assert examine(None, Path(), Output()) == bool(wrong)
        told.append(capsys.readouterr().out.splitlines()[-1])
    assert told == ["Everything is fine.", "1 of 3 needs attention.", "2 of 3 need attention."]


def test_a_new_servo_gets_the_id_of_its_joint(bench: Bench) -> None:
    servo = bench.loose
    arguments = ("setup-motors", "koch", "follower", "--port", bench.ports["loose"])
    done = bench.run(*arguments, "--joint", "gripper", "--json", given="\n")
    assert json.loads(done.stdout)["set_up"] == {"gripper": 6}
    assert (servo.id, servo.baud) == (6, 1_000_000)
    assert done.stderr.splitlines() == [
        "Plug in only the gripper servo (1 of 1), then press Enter (q quits).",
        "The gripper servo now has id 6.",
    ]
