"""Our client against LeRobot's PolicyServer, and `lerobot:PATH`, with an ACT that LeRobot trained.

    python -m tests.interop.lerobot_server PYTHON CHECKPOINT DATASET

PYTHON is that of an environment with LeRobot 0.6.1 and its extra `async`; CHECKPOINT a
pretrained_model folder of an ACT that it trained on the export of DATASET (v2.1). Ends with status
1 when a chunk differs from what the policy says in LeRobot's own process.
"""

import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.read import Dataset
from lerecord.errors import LerecordError
from lerecord.policy import CameraInput, PolicyFeatures, PolicyInput
from lerecord.policy.checkpoint import CheckpointPolicy
from lerecord.policy.client import Ask, Block
from lerecord.policy.lerobot import LerobotBackend

PEER = Path(__file__).with_name("lerobot_server_peer.py")
ASKED, HORIZON = 8, 50


def main(python: str, checkpoint: str, root: str) -> int:
    data = Dataset(root)
    rows = np.linspace(0, len(data) - 1, ASKED).astype(np.int64)
    batch = data.gather(rows)
    names = [key.removeprefix("observation.images.") for key in data.camera_keys]
    images = {name: batch[f"observation.images.{name}"] for name in names}
    with tempfile.TemporaryDirectory() as place:
        asked, out = Path(place) / "asked.npz", Path(place) / "out.npz"
        np.savez(asked, states=batch["observation.state"], **images)
        subprocess.run([python, PEER, "infer", checkpoint, asked, out], check=True)
        due = np.load(out)["actions"]
        answers = _served(python, checkpoint, place, data, batch["observation.state"], images)
    print(f"chunks of {due.shape[1]} x {due.shape[2]} for {len(due)} frames")
    loaded = _loaded(python, checkpoint, root, batch["observation.state"], images)
    agree = [_equal("PolicyServer", answers, due), _equal("lerobot:PATH", loaded, due)]
    return 0 if all(agree) else 1


def _equal(what: str, answers: NDArray[np.float32], due: NDArray[np.float32]) -> bool:
    apart = float(np.abs(answers - due).max())
    # Processes with other numbers of threads add up in another order.
    equal = answers.shape == due.shape and apart <= 4 * np.abs(due).max() * np.finfo(np.float32).eps
    print(
        f"{what}: at most {apart:g} from LeRobot's policy, of numbers up to {np.abs(due).max():g}"
    )
    return equal


def _seen(images: dict[str, Any], row: int) -> dict[str, Any]:
    return {name: np.ascontiguousarray(each[row]) for name, each in images.items()}


def _loaded(
    python: str,
    checkpoint: str,
    root: str,
    states: NDArray[np.float32],
    images: dict[str, Any],
) -> NDArray[np.float32]:
    policy = CheckpointPolicy(checkpoint, Path(python), "cpu", Path(root))
    try:
        return np.stack(
            [
                policy.infer(PolicyInput(state, _seen(images, row), "x")).actions
                for row, state in enumerate(states)
            ]
        )
    finally:
        policy.close()


def _served(
    python: str,
    checkpoint: str,
    place: str,
    data: Dataset,
    states: NDArray[np.float32],
    images: dict[str, Any],
) -> NDArray[np.float32]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    cameras = tuple(CameraInput(name, *each.shape[2:0:-1]) for name, each in images.items())
    rig = PolicyFeatures(tuple(data.features["action"]["names"]), data.fps, 1, cameras)
    address = f"lerobot://127.0.0.1:{port}?policy=act&path={checkpoint}&actions={HORIZON}"
    with subprocess.Popen(
        [python, PEER, "serve", str(port)], cwd=place, stderr=subprocess.DEVNULL
    ) as server:
        try:
            backend = LerobotBackend(address, rig)
            _open(backend)
            answers, took_s = [], []
            for row, state in enumerate(states):
                seen = _seen(images, row)
                began = time.perf_counter()
                ask = Ask(row, 1, 0, 0, None, 0.0, Block.of(state), Block.of(states[:0]), "x")
                answers.append(backend.infer(ask, PolicyInput(state, seen, "x")).actions)
                took_s.append(time.perf_counter() - began)
            print(f"an answer took {np.median(took_s) * 1000:.0f} ms, its inference included")
            return np.stack(answers)
        finally:
            server.kill()


def _open(backend: LerobotBackend) -> None:
    for _ in range(120):
        try:
            backend.open()
            return
        except LerecordError as error:
            reason = error
            time.sleep(0.5)
    raise reason


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
