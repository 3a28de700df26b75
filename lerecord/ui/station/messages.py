"""What the control process and the page's process say to each other."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Self

from lerecord.processes import Vocabulary
from lerecord.recording.session import QueueEdit
from lerecord.ui.snapshot import PreviewedCamera, Snapshot


@dataclass(frozen=True, slots=True)
class StationSettings:
    """Where the page is, and who gets in.

    Attributes:
        port: 0 takes any free one.
        lan: others than this machine reach it, with the token.
    """

    port: int = 0
    lan: bool = False


@dataclass(frozen=True, slots=True)
class TakeView:
    """What became of a take: the episode, what was remarked of it, and its label."""

    episode: int
    replaced: bool
    seconds: float
    frames: int
    missed: int
    repeated: int
    remarks: tuple[str, ...]
    success: bool | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment of a session, with the last takes, the newest first."""

    snapshot: Snapshot
    takes: tuple[TakeView, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A button was pressed by somebody who saw this phase, this episode and this task.

    Attributes:
        command: one of `Command`, as a word.
        phase: one of `Phase`, likewise.
        episode: of the take that ran or came next; None where nothing is recorded.
        task: likewise, where there is a queue of them.
    """

    command: str
    phase: str
    episode: int | None
    task: str = ""


MOMENTS = Vocabulary("do", show=Moment)
ASKED = Vocabulary("event", asked=Asked, edited=QueueEdit)


@dataclass(frozen=True, slots=True)
class Start:
    """What the page's process is started with."""

    settings: StationSettings
    cameras: tuple[PreviewedCamera, ...]

    def to_arguments(self) -> list[str]:
        """As arguments of that process."""
        return [json.dumps(asdict(self.settings)), *(each.to_argument() for each in self.cameras)]

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Self:
        """The inverse of to_arguments."""
        settings = StationSettings(**json.loads(arguments[0]))
        return cls(settings, tuple(map(PreviewedCamera.from_argument, arguments[1:])))
