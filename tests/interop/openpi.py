"""openpi's own client against our server, our client against openpi's server class.

    python -m tests.interop.openpi PYTHON [--checkout OPENPI]

PYTHON has openpi-client, which needs numpy < 2: `python3 -m venv place; place/bin/pip install
openpi-client typing_extensions`. OPENPI (or the environment variable OPENPI) is a checkout of
openpi, of which one file is run: the server class, which needs nothing else of openpi. Ends with
status 1 when anything differs.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from lerecord.policy.client import Ask, Block, ServerLostError, WebsocketBackend

PEER = Path(__file__).with_name("openpi_peer.py")
SERVER_CLASS = Path("src") / "openpi" / "serving" / "websocket_policy_server.py"
FEATURES = PolicyFeatures(("a.pos", "b.pos"), 30, 4, (CameraInput("top", 64, 48),), "degrees")
ASKED = 50


class Doubler:
    """The policy of openpi_peer.py, here."""

    features = FEATURES

    def infer(self, observation: PolicyInput) -> Chunk:
        lead = observation.images["top"].mean(axis=(0, 1))[:2] / 255
        chunk = np.arange(4)[:, None] + 2 * observation.state[None] + lead[None]
        return Chunk(chunk.astype(np.float32))

    def reset(self) -> None:
        pass


def seen(state: NDArray[np.float32], image: NDArray[np.uint8], task: str) -> PolicyInput:
    return PolicyInput(state, {"top": image}, task)


def ask(seq: int, state: NDArray[np.float32]) -> Ask:
    return Ask(seq, 1, 0, 0, None, 0.0, Block.of(state), Block.of(state[:0]), "Grab it")


def our_server(python: str, folder: Path, token: str | None) -> bool:
    random = np.random.default_rng(1)
    states = random.normal(size=(ASKED, 2)).astype(np.float32)
    images = random.integers(0, 256, (ASKED, 48, 64, 3), np.uint8)
    np.savez(folder / "asked.npz", states=states, images=images)
    policy = Doubler()
    with PolicyServer(policy, ServerSettings(port=0, token=token), lambda _: None) as server:
        threading.Thread(target=server.run, daemon=True).start()
        key = () if token is None else (token,)
        paths = (folder / "asked.npz", folder / "answers.npz")
        subprocess.run([python, PEER, "client", server.address, *paths, *key], check=True)
    answers = np.load(folder / "answers.npz")
    due = [
        policy.infer(seen(*each, "Grab it")).actions for each in zip(states, images, strict=True)
    ]
    equal = np.array_equal(answers["actions"], np.stack(due))
    known = json.loads(str(answers["metadata"])) == wire.metadata_of(FEATURES)
    print(f"  {ASKED} chunks equal to the policy's, bit by bit: {equal}")
    print(f"  metadata as it was sent: {known}")
    print(f"  a request that does not fit is answered with: {answers['refused']}")
    return equal and known and str(answers["refused"]) == "WireError"


def their_server(python: str, folder: Path, source: Path) -> bool:
    metadata = wire.metadata_of(FEATURES)
    del metadata["lerecord_policy"]
    with served_there(python, folder, source, metadata) as address:
        return _asked(WebsocketBackend(address, None))


def their_server_without_metadata(python: str, folder: Path, source: Path) -> bool:
    """As openpi starts it for most of its own policies."""
    with served_there(python, folder, source, {}) as address:
        try:
            opened(WebsocketBackend(address, None))
        except ServerLostError as error:
            print(f"  it is refused: {error}")
            return "metadata" in str(error)
    return False


@contextmanager
def served_there(
    python: str, folder: Path, source: Path, metadata: dict[str, Any]
) -> Iterator[str]:
    """The address of openpi's server class with the policy of openpi_peer.py."""
    (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [python, str(PEER), "server", str(source), str(port), str(folder / "metadata.json")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            yield f"ws://127.0.0.1:{port}"
        finally:
            server.kill()


def opened(backend: WebsocketBackend) -> PolicyFeatures:
    """What the policy was made for, once the server is up."""
    for _ in range(100):
        try:
            return backend.open()
        except ServerLostError as error:
            if "cannot be reached" not in str(error):
                raise
            time.sleep(0.2)
    raise SystemExit("the server did not come up")


def _asked(backend: WebsocketBackend) -> bool:
    features = opened(backend)
    policy, random, equal = Doubler(), np.random.default_rng(2), 0
    for seq in range(ASKED):
        state = random.normal(size=2).astype(np.float32)
        observation = seen(state, random.integers(0, 256, (48, 64, 3), np.uint8), "Grab it")
        answer = backend.infer(ask(seq, state), observation).actions
        equal += np.array_equal(answer, policy.infer(observation).actions)
    try:
        backend.infer(ask(99, state), seen(state, observation.images["top"], "fail"))
    except ServerLostError as error:
        print(f"  an error there is said here: {error}")
    backend.open()
    again = backend.infer(ask(100, state), observation).actions
    print(f"  {equal} of {ASKED} chunks equal to the policy's, bit by bit; reconnected: True")
    return features == FEATURES and equal == ASKED and np.array_equal(again, answer)


def codec(python: str, folder: Path) -> bool:
    subprocess.run([python, PEER, "codec", folder / "packed"], check=True)
    theirs = (folder / "packed").read_bytes()
    same = packing.packed(packing.unpacked(theirs)) == theirs
    print(f"  {len(theirs)} bytes of openpi's codec come back as the same bytes: {same}")
    return same


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("python")
    parser.add_argument("--checkout", default=os.environ.get("OPENPI"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        print("codec")
        agrees = [codec(given.python, folder)]
        print("openpi's client, our server")
        agrees.append(our_server(given.python, folder, None))
        print("the same with a token")
        agrees.append(our_server(given.python, folder, "a token"))
        print("our client, openpi's server class")
        if given.checkout is None:
            print("  not given: --checkout OPENPI")
        else:
            source = Path(given.checkout) / SERVER_CLASS
            agrees.append(their_server(given.python, folder, source))
            print("the same without metadata")
            agrees.append(their_server_without_metadata(given.python, folder, source))
    print("all agree" if all(agrees) else "SOMETHING DIFFERS")
    return 0 if all(agrees) else 1


if __name__ == "__main__":
    sys.exit(main())
