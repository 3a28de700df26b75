"""What pages ask for, as an operator of the session: believed only if it still makes sense."""

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from lerecord.errors import LerecordError
from lerecord.processes import Message
from lerecord.recording.session import Command, Phase, QueueEdit
from lerecord.ui.snapshot import Snapshot
from lerecord.ui.station.actions import actions
from lerecord.ui.station.messages import ASKED, Asked

_SHORT_TAKE_S = 1.0
_ENDS = (Command.GO, Command.SAVE, Command.SUCCEED, Command.FAIL)
_MOST_EDITS = 64  # that wait for their tick: more than a person makes
_UNFIT = (LerecordError, KeyError, ValueError, TypeError, AttributeError)


class Heard(Protocol):
    """The process of the page, as far as it is asked."""

    shown: Snapshot | None

    def heard(self) -> list[Message]:
        """What pages have asked since this was called the last time."""


class Pages:
    """An operator whose keys are the buttons of a page.

    What was pressed on another phase, episode or task than the present one is forgotten, and so
    is whatever the page does not offer at this moment: who is late has not seen what he decides.

    Args:
        process: that the pages speak to.
        now: seconds.
    """

    def __init__(self, process: Heard, now: Callable[[], float] = time.monotonic) -> None:
        self._process = process
        self._now = now
        self._phase: Phase | None = None
        self._entered_at = 0.0
        self._asked: deque[Asked] = deque()
        self._edits: deque[QueueEdit] = deque()

    def poll(self) -> Command | QueueEdit | None:
        """The next thing asked for that still makes sense; a change of the queue always does."""
        try:
            self._hear()
        except _UNFIT:
            return None  # a page's process that talks nonsense must not end a session
        if self._edits:
            return self._edits.popleft()
        while self._asked:
            if (command := self._meant(self._asked.popleft())) is not None:
                return command
        return None

    def enter(self, phase: Phase) -> None:
        """What was asked in the phase that is over is forgotten."""
        self._asked.clear()
        self._phase, self._entered_at = phase, self._now()

    def _hear(self) -> None:
        heard = self._process.heard()
        self._asked += [ASKED.read(each) for each in heard if each["event"] == "asked"]
        edits = [_fit(ASKED.read(each)) for each in heard if each["event"] == "edited"]
        shown = self._process.shown
        if shown is not None and shown.queue is not None:
            self._edits += edits[: _MOST_EDITS - len(self._edits)]

    def _meant(self, asked: Asked) -> Command | None:
        shown = self._process.shown
        if shown is None or shown.phase is not self._phase:
            return None
        if (asked.phase, asked.episode) != (shown.phase, shown.episode):
            return None
        if shown.queue is not None and asked.task != shown.task:
            return None
        offered = {each.command for each in actions(shown)}
        command = next((each for each in offered if each == asked.command), None)
        ends = self._phase is Phase.RECORDING and command in _ENDS
        if ends and self._now() - self._entered_at < _SHORT_TAKE_S:
            return Command.CONFIRM
        return command


def _fit(edit: QueueEdit) -> QueueEdit:
    """Raises TypeError for one whose parts are not of their types."""
    types = (edit.task, str), (edit.text, str), (edit.number, int)
    if not all(isinstance(value, kind) for value, kind in types):
        raise TypeError("a change of the queue is not of its form")
    return edit
