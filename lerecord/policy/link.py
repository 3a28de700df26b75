"""What the loop asks of a policy, wherever it runs; nothing here waits."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lerecord.control import Observation
from lerecord.policy.chunk_queue import ChunkRequest
from lerecord.policy.policy import PolicyFeatures


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A chunk.

    Attributes:
        seq, epoch: of the request that it answers.
        actions: (H, D) in the order and units of the rig's joints; whatever the policy said, so
            numbers that are none and other shapes, too.
        done: the policy says that the task is done.
    """

    seq: int
    epoch: int
    actions: NDArray[np.floating]
    done: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer to a request will come.

    Attributes:
        seq: of the request.
        reason: why, in a sentence with its remedy.
    """

    seq: int
    reason: str


class PolicyLink(Protocol):
    """A policy that is reached; it may be slow, dead or started anew at any time."""

    def ask(self, request: ChunkRequest, observation: Observation) -> None:
        """Send the request with what the rig measured; the images are fetched at the other end."""
        ...

    def poll(self) -> Answer | Lost | None:
        """What has come since the last call, one at a time; None when nothing has."""
        ...


class Connection(PolicyLink, Protocol):
    """A link to a policy that has said what it was made for."""

    @property
    def features(self) -> PolicyFeatures:
        """What it was made for."""
        ...
