"""Work that is done with a dataset behind a session and after it, such as sending it away.

What the work is, whoever starts the session knows; here it is a process that is asked by a line.
"""

from pathlib import Path
from typing import Protocol

from lerecord.frame import Frame
from lerecord.processes import ChildProcess, errand
from lerecord.recording.recorder import Recorder
from lerecord.recording.session.roles import Listener
from lerecord.recording.session.session import Session


class Afterwork(Protocol):
    """What is done with a dataset that is recorded."""

    @property
    def every(self) -> int | None:
        """Committed episodes after which it is done behind the session; None for never."""
        ...

    def check(self, root: Path) -> None:
        """Before anything is opened; raises LerecordError when it cannot be done as asked."""
        ...

    def behind(self, root: Path) -> tuple[str, ...]:
        """Name and arguments of the process that does it each time it is asked to.

        It says what came of it as `processes.errand` has it.
        """
        ...

    def finish(self, root: Path) -> int:
        """At the normal end of a session that has saved episodes; returns the exit status."""
        ...


class Behind:
    """A listener that asks for the work when it is due.

    The work may fail, and its process may die: a sentence says so and the session goes on.

    Args:
        listener: gets a sentence when the work fails.
        recorder: whose episodes are counted.
        command: name and arguments of the process.
        every: committed episodes after which the work is asked for.
    """

    def __init__(
        self, listener: Listener, recorder: Recorder, command: tuple[str, ...], every: int
    ) -> None:
        self._listener = listener
        self._recorder = recorder
        self._every = every
        self._asked_at = 0
        self._child: ChildProcess | None = ChildProcess(*command)

    def tell(self, session: Session, frame: Frame) -> None:
        """Ask for the work when enough episodes are committed."""
        if self._child is None:
            return
        if self._recorder.committed - self._asked_at >= self._every:
            self._asked_at = self._recorder.committed
            self._child.send(errand.REQUESTS.write(errand.Ask()))
        for outcome in map(errand.OUTCOMES.read, self._child.poll()):
            if isinstance(outcome, errand.Failed):
                self._listener.notice(outcome.message)
        if not self._child.running:
            self._listener.notice(f"The {self._child.name} process has ended and is not restarted.")
            self.close()

    def notice(self, sentence: str) -> None:
        """What others have to say is no concern of the work."""

    def close(self) -> None:
        """End the process; what it is at is cut off."""
        child, self._child = self._child, None
        if child is not None:
            child.close(timeout_s=1.0)  # the arm waits to be parked

    def __enter__(self) -> "Behind":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
