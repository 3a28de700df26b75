"""What every page looks at: the newest moment, and the newest image of each camera."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lerecord.frame import Image
from lerecord.processes import MailboxReader, plain
from lerecord.ui.snapshot import PreviewedCamera, Snapshot
from lerecord.ui.station.actions import actions
from lerecord.ui.station.messages import Moment
from lerecord.ui.terminal import cue_between


@dataclass(slots=True)
class Eye:
    """A camera and the mailbox of its newest images."""

    camera: PreviewedCamera
    reader: MailboxReader

    def newest(self) -> Image | None:
        """The newest image that is there."""
        return self.reader.newest()


class Board:
    """The newest moment, put there by one thread and read by the server's.

    Args:
        cameras: whose images are shown.
    """

    def __init__(self, cameras: Sequence[PreviewedCamera]) -> None:
        self.eyes = [Eye(each, MailboxReader(each.mailbox)) for each in cameras]
        self._turn = threading.Lock()
        self._data: dict[str, Any] | None = None
        self._number = 0
        self._shown: Snapshot | None = None
        self._cue: dict[str, Any] = {"number": 0, "name": ""}
        """The newest, by its number: a page that misses moments still plays it once."""

    def put(self, moment: Moment) -> None:
        """The newest moment."""
        data = moment_data(moment)
        before, self._shown = self._shown, moment.snapshot
        if before is not None and (cue := cue_between(before, moment.snapshot)) is not None:
            self._cue = {"number": self._cue["number"] + 1, "name": cue.value}
        with self._turn:
            self._number += 1
            self._data = {**data, "cue": self._cue}

    @property
    def newest(self) -> tuple[int, dict[str, Any] | None]:
        """Its number, which is another one for each, and what it says; None before the first."""
        with self._turn:
            return self._number, self._data

    async def after(
        self, number: int, patience_s: float = 1.0
    ) -> tuple[int, dict[str, Any] | None]:
        """Wait for one behind that number, for a while."""
        waited = 0.0
        while self.newest[0] == number and waited < patience_s:
            await asyncio.sleep(_LOOK_S)
            waited += _LOOK_S
        return self.newest


_LOOK_S = 0.02


def moment_data(moment: Moment) -> dict[str, Any]:
    """A moment as a page gets it: JSON without NaN."""
    snapshot = moment.snapshot
    offered = [
        {"key": each.key, "words": each.words, "command": each.command.value}
        for each in actions(snapshot)
    ]
    data: dict[str, Any] = _without_nan(plain(moment))
    return {**data, "actions": offered}


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nan(each) for each in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
