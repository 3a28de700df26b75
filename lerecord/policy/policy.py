"""What a policy is: it gets an observation and answers with a chunk of actions.

A new kind of policy is one class, and a line in `policies` that makes it from its address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Rgb = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CameraInput:
    """A camera as a policy wants it: its name, and the size of its images in pixels."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PolicyFeatures:
    """What a policy was made for; a rig must have the same.

    Attributes:
        joints: names of the D places of states and actions, in order.
        fps: actions a second.
        horizon: how many actions a chunk has.
        cameras: whose images it wants.
        units: of states and actions, as in a hardware config; None when the policy does not know.
    """

    joints: tuple[str, ...]
    fps: int
    horizon: int
    cameras: tuple[CameraInput, ...] = ()
    units: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PolicyInput:
    """What a policy sees.

    Attributes:
        state: (D,) measured positions.
        images: camera name to (H, W, 3) RGB, in the size that the policy wants.
        task: what is to be done, in one sentence.
    """

    state: Vector
    images: Mapping[str, Rgb]
    task: str


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What a policy wants.

    Attributes:
        actions: (H, D); the first belongs to the tick of the observation.
        done: the task is done.
    """

    actions: Vector
    done: bool = False


class Policy(Protocol):
    """A policy in this process."""

    @property
    def features(self) -> PolicyFeatures:
        """What it was made for."""
        ...

    def infer(self, observation: PolicyInput) -> Chunk:
        """The next actions.

        Raises:
            LerecordError: the policy cannot answer that.
        """
        ...

    def reset(self) -> None:
        """A new rollout begins: what was seen before does not count any more."""
        ...
