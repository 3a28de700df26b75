"""The other end, in an environment with openpi-client: its client, or its server.

python openpi_peer.py client ADDRESS OBSERVATIONS.npz OUT.npz [KEY]
python openpi_peer.py server WEBSOCKET_POLICY_SERVER.PY PORT METADATA.json
python openpi_peer.py codec OUT
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from openpi_client import msgpack_numpy
from openpi_client.websocket_client_policy import WebsocketClientPolicy

VALUES = {
    "f4": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "f8": np.array(0.1),
    "u1": np.zeros((2, 2, 3), np.uint8),
    "i8": np.array([-1, 2**40]),
    "b1": np.array([True, False]),
    "scalar": np.float32(0.1),
    "text": "x",
    "list": [1, 2.5, None, True],
}


class Doubler:
    """A policy of which everybody knows the answer."""

    def infer(self, obs: dict[str, Any]) -> dict[str, Any]:
        if obs["prompt"] == "fail":
            raise KeyError("image")
        lead = obs["images"]["top"].mean(axis=(0, 1))[:2] / 255
        chunk = np.arange(4)[:, None] + 2 * obs["state"][None] + lead[None]
        return {"actions": chunk.astype(np.float32)}


def client(address: str, observations: str, out: str, key: str | None = None) -> None:
    asked = np.load(observations)
    policy = WebsocketClientPolicy(host=address, api_key=key)
    answers = []
    for state, image in zip(asked["states"], asked["images"], strict=True):
        obs = {"state": state, "images": {"top": image}, "prompt": "Grab it"}
        answers.append(policy.infer(obs)["actions"])
    try:
        policy.infer({"state": state})
    except RuntimeError as error:
        refused = str(error).splitlines()[-1]
    metadata = json.dumps(policy.get_server_metadata())
    np.savez(out, actions=np.stack(answers), metadata=metadata, refused=refused)


def server(source: str, port: str, metadata: str) -> None:
    spec = importlib.util.spec_from_file_location("served", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said = json.loads(Path(metadata).read_text())
    module.WebsocketPolicyServer(Doubler(), "127.0.0.1", int(port), said).serve_forever()


def codec(out: str) -> None:
    Path(out).write_bytes(msgpack_numpy.packb(VALUES))


MODES: dict[str, Callable[..., None]] = {"client": client, "server": server, "codec": codec}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
