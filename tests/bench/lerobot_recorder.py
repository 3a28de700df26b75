"""LeRobot's own recording of the bench's load; runs in an environment that has LeRobot 0.6.1.

Each camera is a thread that decodes the clip's next JPEG at the camera's rate, as LeRobot's OpenCV
camera does; the loop takes the newest image of each and adds a frame. It says `recording`,
`recorded` and `saved` for whoever measures it, and at last one JSON object.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from lerobot.configs.video import RGBEncoderConfig
from lerobot.datasets.lerobot_dataset import LeRobotDataset

JOINTS = 6
MODES = {
    "default": {},
    "streaming AV1": {"streaming_encoding": True},
    "streaming H.264": {
        "streaming_encoding": True,
        "rgb_encoder": RGBEncoderConfig(vcodec="h264", g=2, crf=20, preset="ultrafast"),
    },
}


class Camera(threading.Thread):
    def __init__(self, clip: list[bytes], fps: int) -> None:
        super().__init__(daemon=True)
        self.clip, self.fps = clip, fps
        self.newest = self.decode(0)

    def decode(self, number: int) -> np.ndarray:
        data = np.frombuffer(self.clip[number % len(self.clip)], np.uint8)
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert picture is not None
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)

    def run(self) -> None:
        first, number = time.monotonic(), 0
        while True:
            number += 1
            time.sleep(max(0.0, first + number / self.fps - time.monotonic()))
            self.newest = self.decode(number)


def say(word: str) -> None:
    print(word, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("clip", type=Path)
    for name, kind in (("cameras", int), ("fps", int), ("seconds", float), ("mode", str)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    asked = parser.parse_args()
    parts = asked.clip.read_bytes().split(b"\xff\xd8\xff\xe0")[1:]
    clip = [b"\xff\xd8\xff\xe0" + part for part in parts]
    cameras = {f"camera_{i}": Camera(clip, asked.fps) for i in range(asked.cameras)}
    height, width, _ = next(iter(cameras.values())).newest.shape
    vector = {"dtype": "float32", "shape": (JOINTS,), "names": [f"j{i}" for i in range(JOINTS)]}
    image = {
        "dtype": "video",
        "shape": (height, width, 3),
        "names": ["height", "width", "channels"],
    }
    features = {"action": vector, "observation.state": vector}
    features |= {f"observation.images.{name}": image for name in cameras}
    root = Path(tempfile.mkdtemp(prefix="lerobot-bench-")) / "dataset"
    dataset = LeRobotDataset.create(
        "bench/bench",
        asked.fps,
        features,
        root=root,
        image_writer_threads=4 * asked.cameras,
        **MODES[asked.mode],
    )
    for camera in cameras.values():
        camera.start()
    say("recording")
    first, missed, late = time.monotonic(), 0, []
    slot = 0
    while slot < asked.seconds * asked.fps:
        due = first + slot / asked.fps
        time.sleep(max(0.0, due - time.monotonic()))
        late.append(time.monotonic() - due)
        pose = np.full(JOINTS, slot, np.float32)
        frame = {"action": pose, "observation.state": pose, "task": "bench"}
        frame |= {f"observation.images.{name}": camera.newest for name, camera in cameras.items()}
        dataset.add_frame(frame)
        now = int((time.monotonic() - first) * asked.fps)
        missed += max(0, now - slot - 1)
        slot = max(slot + 1, now)
    say("recorded")
    saving = time.monotonic()
    dataset.save_episode()
    waited_s = time.monotonic() - saving
    say("saved")
    json.dump(
        {
            "missed_ticks": missed,
            "wait_after_save_ms": waited_s * 1e3,
            "lateness_p99_ms": float(np.percentile(late, 99)) * 1e3,
            "rows": len(late),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
