"""The last sentence worth showing."""

from collections.abc import Callable

from lerecord.recording.session import Phase

_NOTICE_S = 6.0


class Notice:
    """The last sentence worth showing, for a few seconds of the phase in which it was said."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sentence = ""
        self._said_at = 0.0
        self._phase: Phase | None = None

    def say(self, sentence: str) -> None:
        """From now on this one."""
        self._sentence, self._said_at, self._phase = sentence, self._now(), None

    def during(self, phase: Phase) -> str:
        """What is to be shown now; a sentence belongs to the phase that was shown it first."""
        self._phase = phase if self._phase is None else self._phase
        recent = self._now() - self._said_at < _NOTICE_S
        return self._sentence if recent and phase is self._phase else ""
