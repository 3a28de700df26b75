import itertools
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from dynamixel_sdk import (
    COMM_SUCCESS,
    GroupSyncRead,
    GroupSyncWrite,
    PortHandler,
    Protocol2PacketHandler,
)

from lerecord import frame_stamp
from lerecord.simulator.rigs import GRIPPER, JOINTS, Arm, koch

IDS = range(1, 7)
CAMERA = {"width": 640, "height": 480, "fps": 30}
POSITION, GOAL, TORQUE = 132, 116, 64


class Server:
    """The simulator as its parent sees it."""

    def __init__(self, *arguments: str, **cameras: dict[str, int]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lerecord", "_simulator", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.send({"seed": 11, "cameras": cameras})
        self.up = self.event("up")

    def send(self, message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def event(self, name: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        event: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert event["event"] == name
        return event

    def has_told(self) -> bool:
        assert self.process.stdout is not None
        return bool(select.select([self.process.stdout], [], [], 0.0)[0])

    def children(self) -> list[int]:
        pid = self.process.pid
        return [
            int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def end(self) -> str:
        """Close its stdin; what it wrote to stderr."""
        _, errors = self.process.communicate(timeout=240)
        assert self.process.returncode == 0
        return errors


class WaitingPort(PortHandler):  # type: ignore[misc]
    """The vendor's port, but it waits instead of spinning, and longer where a machine is busy."""

    def isPacketTimeout(self) -> bool:  # noqa: N802
        return bool(self.getTimeSinceStart() > 5000.0)

    def readPort(self, length: int) -> bytes:  # noqa: N802
        if not self.ser.in_waiting:
            select.select([self.ser], [], [], 0.02)
        data: bytes = self.ser.read(length)
        return data


class ArmClient:
    """One arm through the vendor's SDK, set up from its calibration file."""

    def __init__(self, path: str, arm: Arm[Any]) -> None:
        self.port, self.sdk = WaitingPort(path), Protocol2PacketHandler()
        assert self.port.openPort()
        self.joints = list(arm.calibration().values())
        for joint in self.joints:
            gripper = joint.id == GRIPPER + 1
            self.write(joint.id, 11, 1, 5 if gripper else 4)
            self.write(joint.id, 10, 1, joint.drive_mode)
            self.write(joint.id, 20, 4, joint.homing_offset)
        self.reader = GroupSyncRead(self.port, self.sdk, POSITION, 4)
        for servo_id in IDS:
            assert self.reader.addParam(servo_id)

    def write(self, servo_id: int, address: int, size: int, value: int) -> None:
        data = list(value.to_bytes(size, "little", signed=value < 0))
        assert self.sdk.writeTxRx(self.port, servo_id, address, size, data) == (COMM_SUCCESS, 0)

    def shares(self) -> list[float]:
        """Each joint's share of its range."""
        assert self.reader.txRxPacket() == COMM_SUCCESS
        found = []
        for joint in self.joints:
            count = int(np.uint32(self.reader.getData(joint.id, POSITION, 4)).astype(np.int32))
            share = (count - joint.range_min) / (joint.range_max - joint.range_min)
            found.append(min(max(share, 0.0), 1.0))
        return found

    def go_to(self, shares: list[float]) -> None:
        group = GroupSyncWrite(self.port, self.sdk, GOAL, 4)
        for joint, share in zip(self.joints, shares, strict=True):
            goal = round(joint.range_min + share * (joint.range_max - joint.range_min))
            assert group.addParam(joint.id, goal.to_bytes(4, "little"))
        assert group.txPacket() == COMM_SUCCESS


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server(front=CAMERA, wrist=CAMERA)
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.communicate()


def test_the_ports_answer_the_vendors_client(server: Server) -> None:
    sdk = Protocol2PacketHandler()
    models = {"leader": [1190] * 6, "follower": [1060] * 2 + [1200] * 4}
    for name, expected in models.items():
        port = WaitingPort(server.up["ports"][name])
        assert port.openPort()
        assert [sdk.ping(port, servo_id)[0] for servo_id in IDS] == expected
        port.closePort()


@pytest.mark.parametrize("name", ["front", "wrist"])
def test_the_cameras_open_in_opencv_and_their_strips_tell_the_truth(
    server: Server, name: str
) -> None:
    server.send({"query": "truth"})
    pan = server.event("truth")["follower"]["shoulder_pan"]["position"]
    before = time.monotonic()
    capture = cv2.VideoCapture(server.up["cameras"][name], cv2.CAP_FFMPEG)
    stamps = []
    for _ in range(5):
        ok, picture = capture.read()
        assert ok
        assert picture is not None
        assert picture.shape == (480, 640, 3)
        stamps.append(frame_stamp.read(picture.astype(np.uint8)))
    capture.release()
    after = time.monotonic()
    assert None not in stamps
    drawn = [stamp for stamp in stamps if stamp is not None]
    assert [b.counter - a.counter for a, b in itertools.pairwise(drawn)] == [1] * 4
    assert {stamp.pan for stamp in drawn} == {pan}
    for stamp in drawn:
        assert int(before * 1000) <= stamp.milliseconds <= int(after * 1000)


def test_a_demonstration_teleoperated_over_the_ports(server: Server) -> None:
    leader = ArmClient(server.up["ports"]["leader"], koch.leader())
    follower = ArmClient(server.up["ports"]["follower"], koch.follower())
    trigger = leader.joints[GRIPPER]
    leader.write(trigger.id, TORQUE, 1, 1)
    leader.write(trigger.id, GOAL, 4, (trigger.range_min + trigger.range_max) // 2)
    for servo_id in IDS:
        follower.write(servo_id, TORQUE, 1, 1)
    rows = 0
    for phase, event in (("reset", "ready"), ("record", "done")):
        server.send({"phase": phase})
        while not server.has_told():
            follower.go_to(leader.shares())
            rows += 1
            time.sleep(1.0 / 60.0)
        told = server.event(event)
    assert told["box_on_target"], told
    assert told["box_to_target_m"] < 0.02
    assert rows > 50
    server.send({"query": "truth"})
    truth = server.event("truth")
    assert tuple(truth["follower"]) == JOINTS
    assert all(joint["torque"] for joint in truth["follower"].values())
    assert truth["leader"]["gripper"]["torque"]
    assert not truth["leader"]["elbow_flex"]["torque"]
    for arm in (leader, follower):
        arm.port.closePort()


def test_signals_do_not_end_it_and_the_end_of_its_input_does() -> None:
    server = Server(front=CAMERA)
    children = server.children()
    assert len(children) == 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        server.process.send_signal(number)
    server.send({"nonsense": True})
    server.send({"query": "truth"})
    server.event("truth")
    errors = server.end()
    assert errors.strip() == "The simulator does not know the line '{\"nonsense\": true}'."
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_a_killed_simulator_leaves_no_camera_behind() -> None:
    server = Server(front=CAMERA, wrist=CAMERA)
    children = server.children()
    assert len(children) == 2
    server.process.kill()
    server.process.communicate()
    deadline = time.monotonic() + 240
    while any(_running(pid) for pid in children) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(_running(pid) for pid in children)


def _running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2]
    except FileNotFoundError:
        return False
    return not state.startswith("Z")  # an orphan waits for its new parent to take note


def test_a_dead_camera_ends_the_simulator_with_a_sentence() -> None:
    server = Server(front=CAMERA)
    os.kill(server.children()[0], signal.SIGKILL)
    assert "camera 'front' ended by itself" in server.event("error")["message"]
    _, errors = server.process.communicate(timeout=240)
    assert server.process.returncode == 2
    assert "Traceback" not in errors


def test_a_bad_first_line_is_refused_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lerecord", "_simulator"],
        input="{}\n",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["event"] == "error"
    assert "cannot use its first line" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_input_at_all_is_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "lerecord", "_simulator", "--loop"],
        input="",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_alone_it_demonstrates_unasked() -> None:
    server = Server("--loop")
    server.event("ready")
    assert server.end() == ""
