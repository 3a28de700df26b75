"""What is to be heard of a session, by an operator who watches the arm and not a screen."""

from enum import StrEnum

from lerecord.recording.session import Phase
from lerecord.ui.snapshot import Snapshot


class Cue(StrEnum):
    """What has happened that is worth a sound."""

    START = "start"
    SAVED = "saved"
    REDO = "redo"  # the take was not saved, or the next one replaces the last
    TROUBLE = "trouble"


_RINGS = {Cue.START: 1, Cue.SAVED: 2, Cue.TROUBLE: 3}
_IN_TAKE = (Phase.RECORDING, Phase.ASKING, Phase.CONFIRMING)


def cue_between(before: Snapshot, now: Snapshot) -> Cue | None:
    """What has happened from one snapshot to a later one; the gravest, where it is several."""
    if now.trouble and not before.trouble:
        return Cue.TROUBLE
    if now.saves > before.saves:
        return Cue.SAVED
    if now.phase is Phase.RECORDING and before.phase is not Phase.RECORDING:
        return Cue.START
    if now.phase is not Phase.RESETTING:
        return None
    replaces = now.replaces and not before.replaces
    return Cue.REDO if replaces or before.phase in _IN_TAKE else None


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
        cue = None if before is None else cue_between(before, snapshot)
        self._due = self._due if cue is None else _RINGS.get(cue, self._due)
        if self._due == 0:
            return False
        self._due -= 1
        return True
