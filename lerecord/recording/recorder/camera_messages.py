"""What the control process and a camera's process say to each other."""

from dataclasses import dataclass
from pathlib import Path

from lerecord.cameras import CameraSettings
from lerecord.dataset.format import CameraSpec, VideoSettings
from lerecord.processes import Vocabulary

BURST_S = 0.1


@dataclass(frozen=True, slots=True)
class Begin:
    """Encode the images that are marked from now on, below the folder."""

    take: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Mark:
    """The image of this frame is the newest that the camera had at its time."""

    frame: int
    scheduled: float
    time: float


@dataclass(frozen=True, slots=True)
class Finish:
    """Encode what is still to be encoded, and close the file."""

    take: str


@dataclass(frozen=True, slots=True)
class Discard:
    """Forget the images of the running take."""

    take: str


Command = Begin | Mark | Finish | Discard


@dataclass(frozen=True, slots=True)
class Assignment:
    """The first message: the camera, and how its images are recorded.

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

    def ends_a_burst(self, command: Command) -> bool:
        """Whether what has been asked so far is to be done now.

        The cameras of a rig take turns: images that are encoded at the same moment slow each
        other down, and with every core busy everybody else would wait for one.
        """
        if not isinstance(command, Mark):
            return True
        place = command.frame + round(self.turn * self.burst)
        return place % self.burst == self.burst - 1


@dataclass(frozen=True, slots=True)
class Ready:
    """The camera is open and has given its first image.

    Attributes:
        encode_s: processor seconds that encoding an image takes.
    """

    captured_at: float
    encode_s: float


@dataclass(frozen=True, slots=True)
class Captured:
    """The newest image, how fast they came over the last second, how many are to be encoded."""

    captured_at: float
    fps: float | None
    behind: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The images of the take are whole on disk, or gone; so many had to wait there so far."""

    take: str
    spooled: int


@dataclass(frozen=True, slots=True)
class Lost:
    """Nothing comes from the camera, and why; it is opened again."""

    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the process ends."""

    message: str


COMMANDS = Vocabulary("do", open=Assignment, begin=Begin, mark=Mark, finish=Finish, discard=Discard)
EVENTS = Vocabulary("event", ready=Ready, image=Captured, closed=Closed, lost=Lost, error=Failed)
