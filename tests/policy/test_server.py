"""A policy on a port, and the client that asks it."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from lerecord.errors import ConfigError, LerecordError
from lerecord.policy import (
    CameraInput,
    Chunk,
    PolicyFeatures,
    PolicyInput,
    PolicyServer,
    ServerSettings,
    packing,
    wire,
)
from lerecord.policy.client import Ask, Block, WebsocketBackend

msgpack = pytest.importorskip("msgpack")
connect = pytest.importorskip("websockets.sync.client").connect
closed = pytest.importorskip("websockets.exceptions").ConnectionClosed
serve = pytest.importorskip("websockets.sync.server").serve

FEATURES = PolicyFeatures(("a.pos", "b.pos"), 30, 4, (CameraInput("top", 4, 3),))
SEEN = PolicyInput(
    np.array([1.5, -2.0], np.float32), {"top": np.zeros((3, 4, 3), np.uint8)}, "Grab it"
)
NOTHING = Block.of(np.zeros((0, 2), np.float32))


class Echo:
    """Answers with the state, and counts what it is told."""

    features = FEATURES

    def __init__(self) -> None:
        self.resets = 0
        self.seen: list[PolicyInput] = []

    def infer(self, observation: PolicyInput) -> Chunk:
        self.seen.append(observation)
        if observation.task == "fail":
            raise ValueError("a secret path")
        return Chunk(np.tile(observation.state, (4, 1)), done=observation.task == "end")

    def reset(self) -> None:
        self.resets += 1


@contextmanager
def served(policy: Echo, **settings: Any) -> Iterator[str]:
    lines: list[str] = []
    with PolicyServer(policy, ServerSettings(port=0, **settings), lines.append) as server:
        threading.Thread(target=server.run, daemon=True).start()
        yield server.address


def ask(seq: int, epoch: int = 1, task: str = "Grab it") -> Ask:
    return Ask(seq, epoch, 0, 0, None, 0.0, Block.of(SEEN.state), NOTHING, task)


def seen(task: str) -> PolicyInput:
    return PolicyInput(SEEN.state, SEEN.images, task)


def test_a_client_gets_what_the_policy_says() -> None:
    policy = Echo()
    with served(policy) as address:
        backend = WebsocketBackend(address, None)
        assert backend.open() == FEATURES
        for seq, epoch, task in ((1, 1, "Grab it"), (2, 1, "Grab it"), (3, 2, "end")):
            chunk = backend.infer(ask(seq, epoch), seen(task))
            assert np.array_equal(chunk.actions, np.tile(SEEN.state, (4, 1)))
            assert chunk.done == (task == "end")
        assert policy.resets == 2
        assert np.array_equal(policy.seen[0].images["top"], SEEN.images["top"])


def test_an_error_is_told_by_its_type_and_the_next_client_is_served() -> None:
    with served(Echo()) as address:
        backend = WebsocketBackend(address, None)
        backend.open()
        with pytest.raises(LerecordError, match=r"reports an error \(ValueError\)") as told:
            backend.infer(ask(1), seen("fail"))
        assert "secret" not in str(told.value)
        backend.open()
        assert backend.infer(ask(2), seen("x")).actions.shape == (4, 2)
        with connect(address, compression=None) as stranger:
            stranger.recv()
            stranger.send(b"\xc1")
            assert stranger.recv() == "WireError"
            with pytest.raises(Exception, match="1011"):
                stranger.recv()


def test_only_those_with_the_token_get_in() -> None:
    with served(Echo(), token="geheim") as address:
        for wrong in (None, "falsch", ""):
            with pytest.raises(LerecordError, match="wants its token; give it with --token"):
                WebsocketBackend(address, wrong).open()
        assert WebsocketBackend(address, "geheim").open() == FEATURES
        headers = {"Authorization": "Api-Key geheim"}  # as openpi's client sends it
        with connect(address, additional_headers=headers) as openpi:
            openpi.recv()


def test_a_page_in_a_browser_gets_nothing() -> None:
    with (
        served(Echo()) as address,
        pytest.raises(Exception, match="403"),
        connect(address, origin="http://localhost"),
    ):
        pass


def test_others_than_this_machine_need_a_token() -> None:
    with pytest.raises(ConfigError, match="give --token, or serve on"):
        PolicyServer(Echo(), ServerSettings("0.0.0.0"))
    with served(Echo()) as address:
        port = int(address.rpartition(":")[2])
        with pytest.raises(ConfigError, match="cannot be used"):
            PolicyServer(Echo(), ServerSettings(port=port))


def test_without_the_extra_nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgpack", None)
    with pytest.raises(ConfigError, match=r"pip install 'lerecord\[policy\]'"):
        PolicyServer(Echo(), ServerSettings(port=0))


@contextmanager
def stranger(*replies: bytes | str | None) -> Iterator[str]:
    """A server that says these things, and None: nothing."""

    def converse(connection: Any) -> None:
        for reply in replies:
            if reply is None:
                time.sleep(1.0)
                return
            try:
                connection.send(reply)
                connection.recv(5.0)
            except closed:
                return

    with serve(converse, "127.0.0.1", 0, compression=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()


METADATA = packing.packed(wire.metadata_of(FEATURES))
EXTRA = {"seq": 1, "epoch": 1}


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (None, "does not answer in time"),
        (b"\xc1garbage", "speaks otherwise than it should"),
        ("Traceback\n...\nKeyError: 'image'", r"reports an error \(KeyError: 'image'\)"),
        (bytes(9 << 20), "sent more than 8 MiB at once"),
        (msgpack.packb({"actions": 3}), "answered without `actions`"),
        (packing.packed({"actions": np.zeros((4, 2)), "_": EXTRA | {"seq": 9}}), "another request"),
    ],
)
def test_a_strange_answer_is_one_sentence(reply: bytes | str | None, sentence: str) -> None:
    with stranger(METADATA, reply) as address:
        waits_s = 0.3 if reply is None else 30.0
        backend = WebsocketBackend(address, None, answer_timeout_s=waits_s)
        backend.open()
        with pytest.raises(LerecordError, match=sentence):
            backend.infer(ask(1), SEEN)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        (msgpack.packb({}), "does not say what its policy was made for"),
        (b"", "speaks otherwise"),
        ("ValueError", "reports an error"),
    ],
)
def test_a_server_of_something_else_is_one_sentence(metadata: bytes | str, sentence: str) -> None:
    with stranger(metadata) as address, pytest.raises(LerecordError, match=sentence):
        WebsocketBackend(address, None).open()


def test_what_is_no_server_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(LerecordError, match=f":{port} cannot be reached"):
        WebsocketBackend(f"ws://127.0.0.1:{port}", None).open()
    with pytest.raises(LerecordError, match=r"cannot be reached|no policy's server"):
        WebsocketBackend("ws://", None).open()


def test_a_server_without_the_key_is_asked_as_openpis_client_asks() -> None:
    metadata = wire.metadata_of(FEATURES)
    del metadata["lerecord_policy"]
    reply = packing.packed({"actions": np.ones((4, 2), np.float32), "server_timing": {}})
    with stranger(packing.packed(metadata), reply) as address:
        backend = WebsocketBackend(address, None)
        backend.open()
        assert backend.infer(ask(1), SEEN).actions.tolist() == [[1.0, 1.0]] * 4
