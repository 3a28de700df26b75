"""Trouble that is the same as a tick ago, and trouble that is about to come."""

import re

from lerecord.recording.session.roles import Listener, Robot

_FIGURES = re.compile(r"[\d.]+")


def goes_on(before: str | None, now: str) -> bool:
    """Whether both sentences tell of the same trouble, though its seconds count."""
    return before is not None and _FIGURES.sub("", before) == _FIGURES.sub("", now)


class Cautions:
    """Tells in time of a servo that is about to switch itself off; nothing else becomes of it.

    Args:
        rig: whose servos they are.
        listener: who is told, once for as long as it lasts.
    """

    def __init__(self, rig: Robot, listener: Listener) -> None:
        self._rig = rig
        self._listener = listener
        self._told: str | None = None

    def look(self) -> None:
        """Look once a tick."""
        before, self._told = self._told, self._rig.caution()
        if self._told is not None and self._told != before:
            self._listener.notice(self._told)
