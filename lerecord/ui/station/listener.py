"""The control process's end of the page: what it is told, several times a second."""

import math
import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol
from urllib.parse import urlsplit

from lerecord.errors import LerecordError
from lerecord.processes import PAGE_TOKEN, ChildProcess, Message
from lerecord.recording.recorder import Saved
from lerecord.ui.snapshot import PreviewedCamera, Snapshot
from lerecord.ui.station.messages import MOMENTS, Moment, Start, StationSettings, TakeView
from lerecord.ui.terminal import Scene, Screen, Store

_START_TIMEOUT_S = 20.0
_TAKES_SHOWN = 8
_RESTART_EVERY_S = 1.0
_MOST_RESTARTS = 3


class Commits(Protocol):
    """Whoever knows which takes have become episodes."""

    @property
    def episodes_saved(self) -> Sequence[Saved]:
        """All of the session, in their order."""


class StationProcess:
    """The process that serves the page; a context manager.

    Whatever becomes of it, nobody waits: it is told the newest moment, and asked what came. One
    that dies is followed by another at the same address, where browsers come back by themselves.

    Args:
        settings: where the page is.
        cameras: whose images it shows.
        commits: whose takes it lists.
        now: seconds.
    """

    refresh_s = 0.1

    def __init__(
        self,
        settings: StationSettings,
        cameras: Sequence[PreviewedCamera],
        commits: Commits,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._cameras = tuple(cameras)
        self._commits = commits
        self._now = now
        self._token = os.environ.get(PAGE_TOKEN) or secrets.token_urlsafe(16)
        self.shown: Snapshot | None = None
        """The newest that the pages can have seen."""
        self._restarts = 0
        self._restarted_at = -math.inf
        self._child = self._started()

    def _started(self) -> ChildProcess:
        return ChildProcess(
            "station",
            *Start(self._settings, self._cameras).to_arguments(),
            inherits=tuple(camera.mailbox for camera in self._cameras),
            variables={PAGE_TOKEN: self._token} if self._settings.lan else {},
        )

    def wait_until_up(self) -> list[str]:
        """Wait until it serves.

        Returns:
            Its addresses, the one for this machine first.

        Raises:
            LerecordError: it cannot.
        """
        addresses: list[str] = self._child.wait_for("up", _START_TIMEOUT_S)["addresses"]
        self._settings = replace(self._settings, port=urlsplit(addresses[0]).port or 0)
        return addresses

    def show(self, snapshot: Snapshot) -> None:
        """Have it shown; raises LerecordError when the process has died too often."""
        if not self._child.running:
            self._start_again()
        self.shown = snapshot
        saved = self._commits.episodes_saved[-_TAKES_SHOWN:]
        takes = tuple(_view(each) for each in reversed(saved))
        self._child.offer(MOMENTS.write(Moment(snapshot, takes)))

    def _start_again(self) -> None:
        if self._now() - self._restarted_at < _RESTART_EVERY_S:
            return
        if self._restarts == _MOST_RESTARTS:
            raise LerecordError(f"its process has died ({self._child.last_words()}).")
        self._restarts += 1
        self._restarted_at = self._now()
        self._child.close()
        self._child = self._started()

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._child.pid

    def heard(self) -> list[Message]:
        """What pages have asked since this was called the last time; never waits."""
        return self._child.poll()

    def __enter__(self) -> "StationProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._child.close(timeout_s=2.0)


class Station(Screen):
    """Takes a snapshot of the session for the page, as often as that likes."""

    def __init__(
        self,
        scene: Scene,
        recorder: Store,
        process: StationProcess,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(scene, recorder, process, now)


def _view(saved: Saved) -> TakeView:
    return TakeView(
        saved.episode,
        saved.replaced,
        saved.seconds,
        saved.rows,
        saved.missed,
        saved.repeated,
        saved.remarks,
        saved.success,
    )
