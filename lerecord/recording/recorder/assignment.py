"""What a camera's process is asked to do, and when the images of a burst are due."""

from dataclasses import dataclass

from lerecord.cameras import CameraSettings
from lerecord.dataset.format import CameraSpec, VideoSettings, video_from_data
from lerecord.processes import Message

BURST_S = 0.1


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the parent asks of this process: the camera, and how its images are recorded.

    Attributes:
        turn: the camera's place among those of the rig, from 0 to below 1.
    """

    driver: str
    settings: CameraSettings
    spec: CameraSpec
    video: VideoSettings
    fps: int
    rotation: int
    turn: float

    @property
    def burst(self) -> int:
        """Images that are chosen and encoded together."""
        return 1 + round(BURST_S * self.fps)

    def ends_a_burst(self, message: Message) -> bool:
        """Whether what has been asked so far is to be done now.

        The cameras of a rig take turns: images that are encoded at the same moment slow each
        other down, and with every core busy everybody else would wait for one.
        """
        if message["do"] != "mark":
            return True
        place: int = message["row"] + round(self.turn * self.burst)
        return place % self.burst == self.burst - 1

    @classmethod
    def from_message(cls, message: Message) -> "Assignment":
        """The parent's `open` message, typed."""
        return cls(
            driver=message["driver"],
            settings=CameraSettings(**message["settings"]),
            spec=CameraSpec(**message["spec"]),
            video=video_from_data(message["video"]),
            fps=message["fps"],
            rotation=message["rotation"],
            turn=message["turn"],
        )
