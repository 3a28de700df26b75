"""The vocabulary of recorded data: an image of a camera, a frame of the rig."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One image as a camera delivered it.

    Attributes:
        data: the camera's own JPEG bytes, or pixels of shape (H, W, 3), uint8, BGR.
        captured_at: CLOCK_MONOTONIC seconds of the capture.
        sequence: counts the camera's images from 0; a gap is an image that was lost on the way.
    """

    data: bytes | NDArray[np.uint8]
    captured_at: float
    sequence: int


class BusFaults(NamedTuple):
    """What went wrong on the servo buses in one tick, counted.

    Attributes:
        timeouts: tries that ended without every reply.
        corrupt: tries that ended with a damaged packet.
        strays: whole replies that belonged to no open request.
        drained_bytes: bytes thrown away because they belonged to no open request.
        alerts: requests in which a servo reported a hardware error.
    """

    timeouts: int = 0
    corrupt: int = 0
    strays: int = 0
    drained_bytes: int = 0
    alerts: int = 0

    def since(self, before: "BusFaults") -> "BusFaults":
        """What was counted since then."""
        return BusFaults(*(now - then for now, then in zip(self, before, strict=True)))


NO_FAULTS = BusFaults()


class Motion(NamedTuple):
    """What servos measure beside their positions, (D,) float32 each.

    Attributes:
        velocity: in the units of the config, a second.
        effort: as the servo has it: of a Dynamixel its current (about 1 mA) or, where it measures
            none, its load (0.1 %).
    """

    velocity: NDArray[np.float32]
    effort: NDArray[np.float32]

    @classmethod
    def joined(cls, motions: "Sequence[Motion | None]") -> "Motion | None":
        """Of several arms, one after the other; None when one of them measures none."""
        known = [motion for motion in motions if motion is not None]
        if len(known) < len(motions):
            return None
        return cls(*(np.concatenate(parts) for parts in zip(*known, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a dataset, as the rig produced it in one tick.

    Attributes:
        tick: index of the slot on the fixed-rate grid.
        due: CLOCK_MONOTONIC seconds at which the slot was due.
        started: CLOCK_MONOTONIC seconds at which its work began; the frame's time.
        state: (D,) measured joint positions, in the units of the config.
        action: (D,) the goal that was actually sent, after every limit.
        requested: (D,) what the source asked for.
        measured: False when a read failed and the last measured value stands in for it.
        bus_s: seconds that the servo buses took in this tick.
        retries: tries of servo transactions after the first, in this tick.
        faults: what went wrong on the buses in this tick.
        motion: what was measured with the state; None when an arm does not measure it.
        source: who drove, a number of `control.source.Driver`.
        policy_action: (D,) what a policy asked for; None when none did.
        policy_latency_s: from what the policy saw for it to its answer; None when none asked.
    """

    tick: int
    due: float
    started: float
    state: NDArray[np.float32]
    action: NDArray[np.float32]
    requested: NDArray[np.float32]
    measured: bool = True
    bus_s: float = 0.0
    retries: int = 0
    faults: BusFaults = NO_FAULTS
    motion: Motion | None = None
    source: int = 0
    policy_action: NDArray[np.float32] | None = None
    policy_latency_s: float | None = None

    @property
    def lateness_s(self) -> float:
        """How long after its slot was due its work began."""
        return self.started - self.due
