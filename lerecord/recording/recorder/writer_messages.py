"""What the control process and the process that writes say to each other."""

from dataclasses import dataclass
from pathlib import Path

from lerecord.dataset.format import DatasetSpec, Reason
from lerecord.dataset.staging import TakeFrame
from lerecord.processes import Vocabulary
from lerecord.recording.review import Limits


@dataclass(frozen=True, slots=True)
class Open:
    """The first message.

    Attributes:
        root: the dataset.
        spec: of it.
        accept_calibration: arms that were recalibrated may go on with it.
        limits: what takes must not fall short of; None: nobody looks at them.
    """

    root: Path
    spec: DatasetSpec
    accept_calibration: bool
    limits: Limits | None


@dataclass(frozen=True, slots=True)
class Begin:
    """Stage a take, of a new episode or of one that it replaces."""

    take: str
    task: str
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Add:
    """One frame of the running take."""

    frame: TakeFrame


@dataclass(frozen=True, slots=True)
class Commit:
    """Make the staged take a new episode, or put it in the place of one."""

    take: str
    replaces: int | None


@dataclass(frozen=True, slots=True)
class Discard:
    """Remove the staged take."""

    take: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Close the staged take where it is."""

    take: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Say of a take, or of the episode that it has become, whether it succeeded."""

    take: str
    success: bool


Command = Begin | Add | Commit | Discard | Leave | Judge


@dataclass(frozen=True, slots=True)
class Opened:
    """The dataset is locked: its episodes, and the takes that were never saved."""

    episodes: int
    left_takes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """The episode that the take has become is complete and synced on the disk."""

    take: str
    committed_at: float
    episode: int
    replaced: bool
    task: str
    rows: int
    seconds: float
    missed: int
    repeated: int
    remarks: tuple[str, ...]
    review: tuple[Reason, ...] | None


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the process ends."""

    message: str


COMMANDS = Vocabulary(
    "do",
    open=Open,
    begin=Begin,
    frame=Add,
    commit=Commit,
    discard=Discard,
    leave=Leave,
    judge=Judge,
)
EVENTS = Vocabulary("event", open=Opened, saved=Committed, error=Failed)
