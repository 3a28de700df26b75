"""What a session does with a verdict: show it, ask, or do the take again."""

from collections.abc import Sequence

from lerecord.dataset.format import Verdict, verdict_of
from lerecord.recording.recorder import Saved
from lerecord.recording.session.gate import Gate

MOST_REDOES = 2
"""Times in a row that a take is done again unasked: what is wrong may be wrong for good."""
PATIENCE_S = 5.0
"""For a verdict; it comes with the commit, a tenth of a second after the take."""


class Reviews:
    """The verdicts of a session, and what it waits for.

    Args:
        gate: what they may do.
        attended: somebody is there who can be asked.
    """

    def __init__(self, gate: Gate, attended: bool) -> None:
        self._matters = gate is Gate.AUTO or (gate is Gate.ASK and attended)
        self._gate = gate
        self._seen = 0
        self._redone = 0
        self._awaited: int | None = None
        self._until = 0.0
        self.asks = False
        """The operator is to say whether the take that was saved last is done again."""

    def saved(self, episode: int, now: float) -> None:
        """A take was saved; its verdict comes when it is committed."""
        self.asks = False
        if self._matters:
            self._awaited, self._until = episode, now + PATIENCE_S

    def waits(self, now: float) -> bool:
        """Whether the session must not end yet."""
        return self.asks or (self._awaited is not None and now < self._until)

    def holds(self, now: float) -> bool:
        """Whether the next take must not begin yet."""
        return self._gate is Gate.AUTO and self.waits(now)

    def beyond_repair(self, committed: Sequence[Saved]) -> bool:
        """Whether the awaited verdict is among those that are new, and is the gravest."""
        fresh, self._seen = committed[self._seen :], len(committed)
        for saved in fresh:
            if saved.episode == self._awaited:
                self._awaited = None
                beyond = verdict_of(saved.review or ()) is Verdict.REDO
                self._redone = self._redone if beyond else 0
                return beyond
        return False

    def consequence(self) -> str | None:
        """What the gravest verdict leads to, in a sentence; None where the take is done again."""
        if self._gate is Gate.ASK:
            self.asks = True
            return "Press r to do it again, or Enter to keep it."
        if self._redone == MOST_REDOES:
            self._redone = 0
            return f"It was done again {MOST_REDOES} times already and is kept."
        self._redone += 1
        return None
