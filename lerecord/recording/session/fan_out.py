"""Several listeners as one: what goes wrong in showing a session stays out of the session."""

from collections.abc import Callable

from lerecord.frame import Frame
from lerecord.recording.session.roles import Listener
from lerecord.recording.session.session import Session


class FanOut:
    """Passes everything on to each listener; one that raises is dropped, and that is said once.

    A listener that has a substitute is followed by it.
    """

    def __init__(self) -> None:
        self._listeners: list[tuple[Listener, Callable[[], Listener] | None]] = []

    def add(self, listener: Listener, substitute: Callable[[], Listener] | None = None) -> None:
        """One more, after the others, and what makes the one that takes over when it is lost."""
        self._listeners.append((listener, substitute))

    def tell(self, session: Session, frame: Frame) -> None:
        """Once a tick."""
        self._each(lambda listener: listener.tell(session, frame))

    def notice(self, sentence: str) -> None:
        """Something worth a sentence has happened."""
        self._each(lambda listener: listener.notice(sentence))

    def _each(self, tell: Callable[[Listener], None]) -> None:
        for each in tuple(self._listeners):
            if each not in self._listeners:
                continue  # lost while the loss of another was told
            try:
                tell(each[0])
            except Exception as failure:
                self._listeners.remove(each)
                self._replace(*each, failure)

    def _replace(
        self, lost: Listener, substitute: Callable[[], Listener] | None, failure: Exception
    ) -> None:
        if substitute is not None:
            self.add(substitute())
        why = str(failure) or type(failure).__name__
        self.notice(f"The session continues without its {type(lost).__name__.lower()}: {why}")
