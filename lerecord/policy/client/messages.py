"""What the control process and a policy's process say to each other."""

import base64
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lerecord.policy.policy import PolicyFeatures
from lerecord.processes import Vocabulary


@dataclass(frozen=True, slots=True)
class Block:
    """An array of float32 as JSON knows it."""

    shape: tuple[int, ...]
    data: str

    @classmethod
    def of(cls, array: NDArray[np.floating]) -> "Block":
        """The array, as float32."""
        data = np.ascontiguousarray(array, np.float32).tobytes()
        return cls(array.shape, base64.b64encode(data).decode())

    @property
    def array(self) -> NDArray[np.float32]:
        """The inverse of `of`."""
        return np.frombuffer(base64.b64decode(self.data), np.float32).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class PolicyCamera:
    """A camera that a policy may look through.

    Attributes:
        name: by which the policy knows it.
        mailbox: descriptor of its newest images, which the process inherits.
        rotation: degrees clockwise by which they are turned before they are recorded.
    """

    name: str
    mailbox: int
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class Opening:
    """The first message: which policy, how to get in, and what it may look through.

    Attributes:
        rig: what the rig has, for servers that must be told; its horizon says nothing.
    """

    address: str
    token: str | None
    cameras: tuple[PolicyCamera, ...]
    rig: PolicyFeatures | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a chunk; the fields are those of `ChunkRequest`, and what was observed.

    Attributes:
        observed_at: monotonic seconds.
        state: (D,).
        left: (R, D).
        task: what is to be done.
    """

    seq: int
    epoch: int
    tick: int
    delay_ticks: int
    previous: int | None
    observed_at: float
    state: Block
    left: Block
    task: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The policy is there, and what it was made for."""

    features: PolicyFeatures


@dataclass(frozen=True, slots=True)
class Answered:
    """A chunk, whatever its shape and numbers."""

    seq: int
    epoch: int
    actions: Block
    done: bool


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No chunk will come for this request, and why."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the process ends."""

    message: str


COMMANDS = Vocabulary("do", open=Opening, ask=Ask)
EVENTS = Vocabulary("event", ready=Ready, answer=Answered, lost=Unanswered, error=Failed)
