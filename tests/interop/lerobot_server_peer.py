"""LeRobot's end: its PolicyServer, or its policy asked in this process.

python lerobot_server_peer.py serve PORT
python lerobot_server_peer.py infer CHECKPOINT ASKED.npz OUT.npz
"""

import os
import sys
from collections.abc import Callable
from concurrent import futures

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import grpc
import numpy as np
import torch
from lerobot.async_inference.configs import PolicyServerConfig
from lerobot.async_inference.policy_server import PolicyServer
from lerobot.policies.act.modeling_act import ACTPolicy
from lerobot.policies.factory import make_pre_post_processors
from lerobot.transport import services_pb2_grpc


def serve(port: str) -> None:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    service = PolicyServer(PolicyServerConfig(host="127.0.0.1", port=int(port)))
    services_pb2_grpc.add_AsyncInferenceServicer_to_server(service, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    server.wait_for_termination()


def infer(checkpoint: str, asked: str, out: str) -> None:
    policy = ACTPolicy.from_pretrained(checkpoint)
    policy.to("cpu").eval()
    before, after = make_pre_post_processors(policy.config, pretrained_path=checkpoint)
    data = np.load(asked)
    chunks = []
    with torch.inference_mode():
        for row, state in enumerate(data["states"]):
            batch = {"observation.state": torch.from_numpy(state)[None], "task": "x"}
            for key in policy.config.image_features:
                image = torch.from_numpy(data[key.rpartition(".")[2]][row])
                batch[key] = image.permute(2, 0, 1)[None].float() / 255
            chunk = policy.predict_action_chunk(before(batch))
            chunks.append(after(chunk[0]).numpy())
    np.savez(out, actions=np.stack(chunks))


MODES: dict[str, Callable[..., None]] = {"serve": serve, "infer": infer}

if __name__ == "__main__":
    torch.set_num_threads(1)
    MODES[sys.argv[1]](*sys.argv[2:])
