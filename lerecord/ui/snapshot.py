"""What the screen shows, as data: taken by the control process, drawn by another."""

from dataclasses import dataclass
from typing import Any

from lerecord.processes import Vocabulary
from lerecord.recording.recorder import CameraView
from lerecord.recording.session import Agenda, Order, Phase, PolicyHealth, TaskCount


@dataclass(frozen=True, slots=True)
class JointView:
    """One joint in the config's units, with the range that its bar spans."""

    name: str
    leader: float
    follower: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PreviewedCamera:
    """A camera whose images are shown.

    Attributes:
        rotation: degrees clockwise by which they are turned before they are recorded.
        mailbox: descriptor of its newest images.
    """

    name: str
    rotation: int
    mailbox: int

    def to_argument(self) -> str:
        """As an argument of the process that draws."""
        return f"{self.mailbox}:{self.rotation}:{self.name}"

    @classmethod
    def from_argument(cls, argument: str) -> "PreviewedCamera":
        """The inverse of to_argument."""
        mailbox, rotation, name = argument.split(":", 2)
        return cls(name, int(rotation), int(mailbox))


@dataclass(frozen=True, slots=True)
class QueueView:
    """The tasks of a session, where there are several.

    Attributes:
        tasks: in their order, each with what there is of it.
        order: what decides which is next.
        then: the task after the take that runs or comes next; None when that is the last.
    """

    tasks: tuple[TaskCount, ...]
    order: Order
    then: str | None

    @classmethod
    def of(cls, agenda: Agenda) -> "QueueView | None":
        """What there is to show of a session's queue; None where it has one task."""
        if (queue := agenda.queue) is None:
            return None
        return cls(queue.tasks, queue.order, agenda.then)

    def to_json(self) -> dict[str, Any]:
        """As a message has it, several times a second: a task is a row."""
        rows = [[each.task, each.wanted, each.done] for each in self.tasks]
        return {"tasks": rows, "order": self.order.value, "then": self.then}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "QueueView":
        """The inverse of to_json."""
        tasks = tuple(TaskCount(*row) for row in told["tasks"])
        return cls(tasks, Order(told["order"]), told["then"])

    @property
    def wanted(self) -> int:
        """Episodes of all tasks."""
        return sum(each.wanted for each in self.tasks)

    @property
    def done(self) -> int:
        """Those of them that are there."""
        return sum(min(each.done, each.wanted) for each in self.tasks)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a session.

    Attributes:
        episode: index of the take that runs or comes next; None where nothing is recorded.
        replaces: it takes the place of a committed episode.
        saved, episodes: takes saved in this session, and how many are wanted (None: no limit).
        elapsed_s, limit_s: time in the phase, and when it ends by itself (None: never).
        saving: takes whose commit is still under way.
        disk_free_bytes: None where nothing is recorded.
        notice: the last thing worth a sentence; empty when there is none.
        source: who asks for the poses of the joints that are no follower's.
        saves: takes saved in this session, those that replaced an episode included.
        trouble: why nothing can be recorded or driven just now; empty when it can.
        rollout: a policy drives, and a person can take over.
        policy: how well it keeps up; None where none drives.
        taught: a path is taught by hand between takes.
        queue: the tasks, where there are several.
    """

    phase: Phase
    task: str
    dataset: str
    robot: str
    simulated: bool
    episode: int | None
    replaces: bool
    saved: int
    episodes: int | None
    elapsed_s: float
    limit_s: float | None
    rows: int
    rate_hz: float
    fps: int
    lateness_p99_s: float
    missed: int
    cameras: tuple[CameraView, ...]
    joints: tuple[JointView, ...]
    disk_free_bytes: int | None
    saving: int
    notice: str
    source: str = "leader"
    saves: int = 0
    trouble: str = ""
    rollout: bool = False
    policy: PolicyHealth | None = None
    taught: bool = False
    queue: QueueView | None = None


MESSAGES = Vocabulary("do", show=Snapshot)
"""What is said to the screen's process."""
