"""A tiny LeRobot to run instead of the real one: the same modules and classes, a robot in a file.

The robot is where its last action sent it; `port` is a file that keeps the pose, and what happens
to the robot is a line each in `<port>.log`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

JOINTS = ("shoulder.pos", "gripper.pos", "base.vel")

_DRACCUS = """
def decode(cls, raw):
    raw = dict(raw)
    return cls.get_known_choices()[raw.pop("type")](**raw)
"""

_BASE = """
from dataclasses import dataclass


@dataclass(kw_only=True)
class {base}Config:
    id: str | None = None
    calibration_dir: str | None = None
    _known = {{}}

    @classmethod
    def register_subclass(cls, name):
        def register(config):
            cls._known[name] = config
            return config
        return register

    @classmethod
    def get_known_choices(cls):
        return cls._known


def make_{maker}_from_config(config):
    return config.makes(config)
"""

_DEVICE = """
import json, os, time
from dataclasses import dataclass, field
from pathlib import Path

from lerobot.{package} import {base}Config


@dataclass
class Joint:
    id: int
    homing_offset: int


class Device:
    action_features = observation_features = dict.fromkeys({joints!r}, float)

    def __init__(self, config):
        print("what a plug-in prints is no message")
        assert config.cameras == {{}}
        self.config, self.calibration = config, {{"shoulder": Joint(1, 7)}}
        self.port, self.failures = Path(config.port), 0
        self.is_connected, self.lost = False, 3 if config.does == "half opens" else 0

    def log(self, **said):
        with self.port.with_suffix(".log").open("a") as file:
            file.write(json.dumps({{"pid": os.getpid(), **said}}) + "\\n")

    @property
    def is_calibrated(self):
        return self.config.does != "forgets"

    def connect(self, calibrate=True):
        if self.is_connected:
            raise RuntimeError("it is already connected")
        self.log(connect=calibrate)
        self.is_connected = True
        self.may_lose_a_packet()
        if self.config.does == "asks":
            input("Press ENTER to use the provided calibration file")

    def may_lose_a_packet(self):
        self.lost -= 1
        if self.lost >= 0:
            raise ConnectionError("There is no status packet!")

    def get_observation(self):
        self.failures += 1
        if self.config.does == "fails once" and self.failures % 2:
            raise ConnectionError("Failed to sync read 'Present_Position'")
        if self.config.does == "fails at first" and self.failures <= 5:
            raise ConnectionError("Failed to sync read 'Present_Position'")
        if self.config.does == "fails":
            raise ConnectionError("Failed to sync read 'Present_Position'")
        pose = json.loads(self.port.read_text())
        return {{**dict(zip({joints!r}, pose)), "front": "an image"}}

    get_action = get_observation

    def send_action(self, action):
        self.log(goal=list(action.values()))
        self.port.write_text(json.dumps(list(action.values())))
        return {{"shoulder.pos": action["shoulder.pos"]}}

    def disconnect(self):
        self.may_lose_a_packet()
        self.is_connected = False
        self.log(disconnect=True)

    def __del__(self):
        self.log(dropped=True)


@{base}Config.register_subclass("{kind}")
@dataclass(kw_only=True)
class Config({base}Config):
    port: str
    does: str = ""
    use_degrees: bool = False
    cameras: dict = field(default_factory=lambda: {{"front": "a camera"}})
    makes = Device
"""


def install(folder: Path) -> None:
    """Make the modules in a folder, which is to be on PYTHONPATH."""
    files = {
        "draccus.py": _DRACCUS,
        "lerobot/__init__.py": "",
        "lerobot/robots/__init__.py": _BASE.format(base="Robot", maker="robot"),
        "lerobot/teleoperators/__init__.py": _BASE.format(
            base="Teleoperator", maker="teleoperator"
        ),
        "lerobot/robots/broken.py": "import a_package_that_is_not_there",
        "lerobot/robots/arms/__init__.py": _device("robots", "Robot", "tiny_follower"),
        "lerobot_teleoperator_tiny/__init__.py": _device(
            "teleoperators", "Teleoperator", "tiny_leader"
        ),
        "lerobot-9.9.dist-info/METADATA": "Name: lerobot\nVersion: 9.9\n",
        "lerobot-9.9.dist-info/top_level.txt": "lerobot\n",
        "lerobot_teleoperator_tiny-1.2.dist-info/METADATA": (
            "Name: lerobot-teleoperator-tiny\nVersion: 1.2\n"
        ),
        "lerobot_teleoperator_tiny-1.2.dist-info/top_level.txt": "lerobot_teleoperator_tiny\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _device(package: str, base: str, kind: str) -> str:
    return _DEVICE.format(package=package, base=base, kind=kind, joints=JOINTS)


def put(port: Path, *pose: float) -> dict[str, Any]:
    """Put an arm there; the options that find it."""
    port.write_text(json.dumps(pose))
    return {"port": str(port)}


def log(port: Path) -> list[Mapping[str, Any]]:
    """What has happened to it."""
    file = port.with_suffix(".log")
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
