"""What people are told of a rollout while it runs, and what is known of it at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from lerecord.frame import Frame
from lerecord.policy.source import PolicySource
from lerecord.policy.turns import Turn
from lerecord.recording.session import Listener, Session

_TELL_EVERY_TICKS = 45
_SENTENCES = {
    Turn.POLICY: "The policy drives.",
    Turn.HOLD: "The follower holds.",
    Turn.ALIGN: "The follower holds: bring the leader to where it is.",
    Turn.PERSON: "You drive.",
}


class Telling:
    """A listener that tells another what is wrong with the policy, and who drives.

    Args:
        listener: gets the sentences.
        policy: that drives.
        joints: names of the rig's.
    """

    def __init__(self, listener: Listener, policy: PolicySource, joints: Sequence[str]) -> None:
        self._listener = listener
        self._policy = policy
        self._joints = [name.removesuffix(".pos") for name in joints]
        self._told: str | None = None
        self._turn: Turn | None = None
        self._aligning = 0

    def turned(self, turn: Turn) -> None:
        """Somebody else drives now."""
        self._turn, self._aligning = turn, 0
        if (sentence := _SENTENCES.get(turn)) is not None:
            self._listener.notice(sentence)

    def tell(self, session: Session, frame: Frame) -> None:
        """Say what is wrong with the policy as soon as it is, and that it is right again."""
        if self._turn is Turn.ALIGN:
            self._aligning += 1
            if self._aligning % _TELL_EVERY_TICKS == 0:
                self._listener.notice(self._apart(frame))
        complaint = self._policy.complaint
        if complaint == self._told:
            return
        self._told = complaint
        self._listener.notice("The policy answers again." if complaint is None else complaint)

    def _apart(self, frame: Frame) -> str:
        """Which joint of the leader, whose pose is requested, is farthest from the follower."""
        apart = np.abs(frame.requested - frame.action)
        apart[[name.endswith("gripper") for name in self._joints]] = 0.0
        at = int(apart.argmax())
        return (
            f"Bring the leader to the follower: {self._joints[at]} is {apart[at]:.0f} units away."
        )

    def notice(self, sentence: str) -> None:
        """What others have to say is no concern of the policy."""


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """How a policy has driven in a session.

    Attributes:
        chunks: that were asked for.
        accepted, late, outdated, malformed, lost: what became of them; see `QueueCounts`.
        starved_ticks: in which the follower held because the plan had run out.
        latency_s: that the slowest of the last answers took.
    """

    chunks: int
    accepted: int
    late: int
    outdated: int
    malformed: int
    lost: int
    starved_ticks: int
    latency_s: float

    @classmethod
    def of(cls, policy: PolicySource) -> Self:
        """What is known of it now."""
        counts = policy.counts
        return cls(
            chunks=counts.requested,
            accepted=counts.accepted,
            late=counts.late,
            outdated=counts.outdated,
            malformed=counts.malformed,
            lost=policy.lost,
            starved_ticks=counts.starved,
            latency_s=round(policy.latency_s, 3),
        )

    def line(self) -> str:
        """For people."""
        dropped = [
            f"{count} {what}"
            for what, count in (
                ("late", self.late),
                ("outdated", self.outdated),
                ("malformed", self.malformed),
                ("lost", self.lost),
            )
            if count
        ]
        return (
            f"The policy answered in {self.latency_s * 1000:.0f} ms at most, and the follower held "
            f"for {self.starved_ticks} ticks without a plan; {self.accepted} of {self.chunks} "
            f"chunks were used{' (' + ', '.join(dropped) + ')' if dropped else ''}."
        )
