"""What a dataset is recorded with: rig, joints, cameras, encoder. Light: imported by every process.

The features and their order are LeRobot v2.1's (`meta/info.json`).
"""

import json
import re
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from lerecord.dataset.format.label_features import label_features
from lerecord.dataset.format.rig_record import HardwareRecord
from lerecord.dataset.format.rollout_features import rollout_features
from lerecord.dataset.format.video_settings import VideoSettings, video_from_data, video_to_data
from lerecord.errors import ConfigError

IMAGE_PREFIX = "observation.images."
VECTORS = ("action", "observation.state")
DEFAULT_FEATURES = {
    "timestamp": "float32",
    "frame_index": "int64",
    "episode_index": "int64",
    "index": "int64",
    "task_index": "int64",
}
_CAMERA_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """One camera of a dataset.

    Attributes:
        name: letters, digits, `_` and `-`.
        width: pixels of the recorded image, after rotation; even, as yuv420p needs.
        height: likewise.

    Raises:
        ConfigError: the name is no plain word or a side is odd.
    """

    name: str
    width: int
    height: int

    def __post_init__(self) -> None:
        if not _CAMERA_NAME.fullmatch(self.name):
            raise ConfigError(
                f"The camera name {self.name!r} cannot name a folder; use letters, digits, _ and -."
            )
        if self.width <= 0 or self.height <= 0 or self.width % 2 or self.height % 2:
            raise ConfigError(
                f"Camera {self.name} is {self.width}x{self.height}; "
                f"video needs an even width and height."
            )

    @property
    def key(self) -> str:
        """The name of its feature."""
        return IMAGE_PREFIX + self.name


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What every episode of a dataset has in common.

    Attributes:
        robot_type: as in info.json.
        fps: frames a second.
        units: of states and actions, as in the hardware config.
        joints: their names in the order of the vectors, such as `shoulder_pan.pos`.
        cameras: in the order of the features.
        video: how images are encoded; no part of the identity.
        hardware: the rig, as far as nothing above says it.
        rollouts: it has the columns of rollouts, too; no part of the identity.
        labels: likewise those of labels.
    """

    robot_type: str
    fps: int
    units: str
    joints: tuple[str, ...]
    cameras: tuple[CameraSpec, ...]
    video: VideoSettings = field(default_factory=VideoSettings)
    hardware: HardwareRecord = field(default_factory=HardwareRecord)
    rollouts: bool = False
    labels: bool = False

    @property
    def simulated(self) -> bool:
        """True when the rig is said to be simulated: its images carry the strip."""
        return self.hardware.simulated

    def camera(self, name: str) -> CameraSpec:
        """The camera of that name.

        Raises:
            KeyError: there is none.
        """
        for camera in self.cameras:
            if camera.name == name:
                return camera
        raise KeyError(name)

    def features(self) -> dict[str, dict[str, Any]]:
        """The `features` of info.json, in LeRobot's order."""
        features: dict[str, dict[str, Any]] = {
            key: {"dtype": "float32", "shape": [len(self.joints)], "names": list(self.joints)}
            for key in VECTORS
        }
        features |= {camera.key: self._video_feature(camera) for camera in self.cameras}
        features |= {
            key: {"dtype": dtype, "shape": [1], "names": None}
            for key, dtype in DEFAULT_FEATURES.items()
        }
        features |= rollout_features(self.joints) if self.rollouts else {}
        return features | (label_features() if self.labels else {})

    def _video_feature(self, camera: CameraSpec) -> dict[str, Any]:
        return {
            "dtype": "video",
            "shape": [camera.height, camera.width, 3],
            "names": ["height", "width", "channels"],
            "info": {
                "video.height": camera.height,
                "video.width": camera.width,
                "video.codec": self.video.codec,
                "video.pix_fmt": "yuv420p",
                "video.is_depth_map": False,
                "video.fps": self.fps,
                "video.channels": 3,
                "has_audio": False,
            },
        }

    def to_json(self) -> str:
        """One line of JSON, for another process or a file."""
        return json.dumps(
            {
                "robot_type": self.robot_type,
                "fps": self.fps,
                "units": self.units,
                "joints": self.joints,
                "cameras": [asdict(each) for each in self.cameras],
                "video": video_to_data(self.video),
                "hardware": dict(self.hardware.entries),
                "rollouts": self.rollouts,
                "labels": self.labels,
            },
            ensure_ascii=False,
        )

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The spec that `to_json` wrote."""
        data = json.loads(text)
        return cls(
            robot_type=data["robot_type"],
            fps=data["fps"],
            units=data["units"],
            joints=tuple(data["joints"]),
            cameras=tuple(CameraSpec(**each) for each in data["cameras"]),
            video=video_from_data(data["video"]),
            hardware=HardwareRecord(data["hardware"]),
            rollouts=bool(data.get("rollouts", False)),
            labels=bool(data.get("labels", False)),
        )
