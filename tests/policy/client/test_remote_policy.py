"""A policy in a process of its own, asked as the loop asks it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from lerecord.control import Observation
from lerecord.errors import LerecordError
from lerecord.jpeg import decode
from lerecord.pacing import Tick
from lerecord.policy import (
    Answer,
    ChunkRequest,
    Lost,
    PolicyInput,
    PolicyServer,
    ServerSettings,
)
from lerecord.policy.client import PolicyCamera, RemotePolicy
from lerecord.policy.nearest import HORIZON, NearestPolicy
from lerecord.processes import ImageMailbox, MailboxWriter
from tests.dataset.conftest import Lab, as_jpeg, picture

STATE = np.array([1.0, -2.0, 3.0], np.float32)
SIZES = {"front": (160, 120), "wrist": (160, 200)}  # the wrist camera is mounted on its side


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lab = Lab(tmp_path_factory.mktemp("learned") / "set")
    with lab.open() as writer:
        for rows in (9, 12):
            lab.record(writer, "Grab the box", rows=rows, seed=rows)
    return lab.root


class Rig:
    """Mailboxes with an image of each camera in them."""

    def __init__(self) -> None:
        self._boxes = {name: ImageMailbox(200_000) for name in SIZES}
        self.writers = {name: MailboxWriter(box.fileno()) for name, box in self._boxes.items()}
        self.show(0, time.monotonic())

    @property
    def cameras(self) -> list[PolicyCamera]:
        turns = {"front": 0, "wrist": 90}
        return [PolicyCamera(name, box.fileno(), turns[name]) for name, box in self._boxes.items()]

    def show(self, number: int, captured_at: float) -> None:
        for name, writer in self.writers.items():
            writer.put(as_jpeg(picture(number, 0, SIZES[name])), captured_at, number)

    def close(self) -> None:
        for name, box in self._boxes.items():
            self.writers[name].close()
            box.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


def observed(at: float) -> Observation:
    nowhere = np.full(3, np.nan, np.float32)
    return Observation(Tick(0, at, at, 0), STATE, nowhere, STATE)


def request(seq: int, epoch: int = 1) -> ChunkRequest:
    return ChunkRequest(seq, epoch, 0, 0, None, np.zeros((0, 3), np.float32))


def heard(policy: RemotePolicy, within_s: float = 240) -> Answer | Lost:
    deadline = time.monotonic() + within_s
    while (said := policy.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return said


def asked_until(policy: RemotePolicy, fits: Callable[[Answer | Lost], bool]) -> Answer | Lost:
    for seq in range(100, 140):
        policy.ask(request(seq), observed(time.monotonic()))
        said = heard(policy)
        if fits(said):
            return said
        time.sleep(0.2)
    raise AssertionError(said)


def test_its_answers_are_those_of_the_policy(dataset: Path, rig: Rig) -> None:
    with RemotePolicy(f"nearest:{dataset}", "Grab the box", rig.cameras) as policy:
        polled: list[None] = []
        features = policy.wait_until_ready(meanwhile=lambda: polled.append(None))
        assert polled
        local = NearestPolicy(dataset)
        assert features == local.features
        at = time.monotonic()
        rig.show(1, at - 0.01)
        rig.show(2, at + 5.0)
        policy.ask(request(3, epoch=7), observed(at))
        said = heard(policy)
    assert isinstance(said, Answer)
    assert (said.seq, said.epoch, said.done) == (3, 7, False)
    images = {}
    for name, size in SIZES.items():
        bgr = decode(as_jpeg(picture(1, 0, size)))
        bgr = np.rot90(bgr, -1) if name == "wrist" else bgr
        small = cv2.resize(np.ascontiguousarray(bgr), (64, 48), interpolation=cv2.INTER_AREA)
        images[name] = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)
    due = local.infer(PolicyInput(STATE, images, "Grab the box")).actions
    assert due.shape == (HORIZON, 3)
    assert np.array_equal(said.actions, due)


def test_a_stopped_process_is_given_up_and_started_again(dataset: Path, rig: Rig) -> None:
    with RemotePolicy(
        f"nearest:{dataset}", "Grab the box", rig.cameras, answer_timeout_s=3.0
    ) as policy:
        policy.wait_until_ready()
        stopped = policy.pid
        os.kill(stopped, signal.SIGSTOP)
        for seq in range(3000):  # more than a pipe holds
            policy.ask(request(seq), observed(time.monotonic()))
        said = heard(policy)
        assert isinstance(said, Lost)
        assert "has not answered for" in said.reason
        assert said.seq < 3000  # the last one, unless this process stood still in between
        assert isinstance(asked_until(policy, lambda said: isinstance(said, Answer)), Answer)
        assert policy.pid != stopped


def test_a_killed_process_is_started_again(dataset: Path, rig: Rig) -> None:
    with RemotePolicy(f"nearest:{dataset}", "Grab the box", rig.cameras) as policy:
        policy.wait_until_ready()
        os.kill(policy.pid, signal.SIGKILL)
        policy.ask(request(1), observed(time.monotonic()))
        said = heard(policy)
        assert isinstance(said, Lost)
        assert "has ended" in said.reason
        assert isinstance(asked_until(policy, lambda said: isinstance(said, Answer)), Answer)


def test_what_cannot_be_reached_is_one_sentence(tmp_path: Path) -> None:
    with (
        RemotePolicy(f"nearest:{tmp_path}/none", "x") as policy,
        pytest.raises(LerecordError, match="none"),
    ):
        policy.wait_until_ready()
    with (
        RemotePolicy("http://here", "x") as policy,
        pytest.raises(LerecordError, match="no address of a policy; it is one of nearest:DIR"),
    ):
        policy.wait_until_ready()


def test_a_camera_that_the_rig_has_not_is_named(dataset: Path, rig: Rig) -> None:
    with RemotePolicy(f"nearest:{dataset}", "Grab the box", rig.cameras[:1]) as policy:
        policy.wait_until_ready()
        policy.ask(request(1), observed(time.monotonic()))
        assert heard(policy) == Lost(
            1,
            "The policy looks through a camera wrist, which the rig has not (front); name one of "
            "the rig's: --rename CAMERA=wrist.",
        )


def test_a_server_that_goes_and_comes_back_is_found_again(dataset: Path, rig: Rig) -> None:
    pytest.importorskip("msgpack")
    pytest.importorskip("websockets")
    policy = NearestPolicy(dataset)

    @contextmanager
    def served(port: int) -> Iterator[PolicyServer]:
        with PolicyServer(policy, ServerSettings(port=port), lambda _: None) as server:
            threading.Thread(target=server.run, daemon=True).start()
            yield server

    with ExitStack() as later:
        with served(0) as server:
            address = server.address
            remote = later.enter_context(RemotePolicy(address, "Grab the box", rig.cameras))
            assert remote.wait_until_ready() == policy.features
            remote.ask(request(1), observed(time.monotonic()))
            assert isinstance(heard(remote), Answer)
        remote.ask(request(2), observed(time.monotonic()))
        lost = heard(remote)
        assert isinstance(lost, Lost)
        assert lost.reason.startswith(f"The policy's server at {address} ")
        later.enter_context(served(int(address.rpartition(":")[2])))
        pid = remote.pid
        assert isinstance(asked_until(remote, lambda said: isinstance(said, Answer)), Answer)
        assert remote.pid == pid


def test_a_link_takes_none_of_the_libraries_that_speak_to_policies() -> None:
    code = (
        "import sys, lerecord.policy.client, lerecord.policy, lerecord.policy.wire\n"
        "lerecord.policy.client.RemotePolicy, lerecord.policy.PolicyServer\n"
        "print({'torch', 'grpc', 'websockets', 'msgpack', 'av'} & sys.modules.keys())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
