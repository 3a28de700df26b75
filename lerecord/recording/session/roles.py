"""The parts around a session: the rig, whoever drives it, whoever records, and whoever shows it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from lerecord.control import Goal, Observation
from lerecord.dataset.staging import Take
from lerecord.frame import Frame
from lerecord.pacing import Tick
from lerecord.recording.recorder import Saved
from lerecord.recording.session.health import PolicyHealth

if TYPE_CHECKING:
    from lerecord.recording.session.session import Session


class Robot(Protocol):
    """What the session asks of a rig."""

    def limited(self) -> str | None:
        """What of the leader's pose is beyond the follower's limits; None when nothing is."""
        ...

    def lag(self) -> str:
        """How far the follower still is from the leader, in a sentence."""
        ...

    def observe(self, tick: Tick) -> Observation:
        """Read every arm."""
        ...

    def command(self, goal: Goal) -> Frame:
        """Send the followers on; the frame of this tick."""
        ...

    def trouble(self) -> str | None:
        """Why the rig cannot be recorded now, in a sentence; None when it can."""
        ...

    def caution(self) -> str | None:
        """Which servo is about to switch itself off, in the same words while it lasts."""
        ...

    def recover(self) -> None:
        """Try to end the trouble; only between takes, as it may block for a while."""
        ...

    def drift(self) -> str | None:
        """Why no take is begun unasked: which joints are not where they should be, in words."""
        ...

    def accept_drift(self) -> None:
        """They are so on purpose."""
        ...


class Driving(Protocol):
    """What the session asks of whoever drives; `Handover` is it."""

    @property
    def arrived(self) -> bool:
        """The followers are where the source wants them."""
        ...

    @property
    def interruption(self) -> str | None:
        """Why the last tick does not follow on the one before it; None when it does."""
        ...

    def policy_health(self) -> PolicyHealth | None:
        """How well the policy keeps up; None where none drives."""
        ...

    def obstacle(self) -> str | None:
        """Why whoever drives cannot begin a take now, in a sentence; None when nothing is wrong."""
        ...

    def next(self, observation: Observation) -> Goal:
        """Where the followers are to go in this tick, and how far at most."""
        ...

    def hold(self) -> None:
        """Send nothing until `resume`."""
        ...

    def resume(self) -> None:
        """Let the source go on, slowly at first."""
        ...

    def take_over(self) -> None:
        """A person wants to drive until `resume`, where there is one who can."""
        ...


class Takes(Protocol):
    """What the session asks of whoever records; nothing here waits."""

    @property
    def episodes_saved(self) -> Sequence[Saved]:
        """The episodes that were committed, with what speaks against each, in their order."""
        ...

    def obstacle(self) -> str | None:
        """Why no take can be begun now, in a sentence; None when one can."""
        ...

    def begin(self, task: str, replaces: int | None) -> Take:
        """Begin a take of a new episode, or of one that replaces an old one."""
        ...

    def save(self, take: Take) -> int:
        """End it; it becomes the episode of the index that is returned."""
        ...

    def judge(self, success: bool) -> None:
        """Say of the take that was saved last whether it succeeded."""
        ...

    def discard(self, take: Take) -> None:
        """End it; nothing of it stays."""
        ...

    def leave(self, take: Take) -> None:
        """End it where it is staged, to be salvaged."""
        ...

    def trouble(self) -> str | None:
        """Why the running take cannot go on, in a sentence; None when it can."""
        ...

    def recover(self) -> None:
        """Try to end the trouble; only between takes."""
        ...


class Listener(Protocol):
    """Whoever shows the session to people; must not wait. One that may raise: see FanOut."""

    def tell(self, session: "Session", frame: Frame) -> None:
        """Once a tick: this is how the session stands."""
        ...

    def notice(self, sentence: str) -> None:
        """Something worth a sentence has happened."""
        ...
