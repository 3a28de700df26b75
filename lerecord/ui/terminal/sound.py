"""When the terminal's bell rings, for an operator who watches the arm and not the screen."""

from lerecord.recording.session import Phase
from lerecord.ui.snapshot import Snapshot

_TAKE_BEGINS, _TAKE_SAVED, _TROUBLE = 1, 2, 3  # times


class Bell:
    """Tells after each snapshot that is drawn whether the bell rings once."""

    def __init__(self) -> None:
        self._before: Snapshot | None = None
        self._due = 0

    def rings(self, snapshot: Snapshot) -> bool:
        """Once when a take begins, twice when it is saved, three times when trouble begins.

        At most once a snapshot: terminals make one sound of bells without a pause.
        """
        before, self._before = self._before, snapshot
        if before is not None:
            self._due = _times(before, snapshot) or self._due
        if self._due == 0:
            return False
        self._due -= 1
        return True


def _times(before: Snapshot, now: Snapshot) -> int:
    if now.trouble and not before.trouble:
        return _TROUBLE
    if now.saves > before.saves:
        return _TAKE_SAVED
    begins = now.phase is Phase.RECORDING and before.phase is not Phase.RECORDING
    return _TAKE_BEGINS if begins else 0
