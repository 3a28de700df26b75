"""The control process's end of the page: what it is told, several times a second."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from lerecord.errors import LerecordError
from lerecord.processes import ChildProcess, Message
from lerecord.recording.recorder import Saved
from lerecord.ui.snapshot import PreviewedCamera, Snapshot
from lerecord.ui.station.messages import MOMENTS, Moment, Start, StationSettings, TakeView
from lerecord.ui.terminal import Scene, Screen, Store

_START_TIMEOUT_S = 20.0
_TAKES_SHOWN = 8


class Commits(Protocol):
    """Whoever knows which takes have become episodes."""

    @property
    def episodes_saved(self) -> Sequence[Saved]:
        """All of the session, in their order."""


class StationProcess:
    """The process that serves the page; a context manager.

    Whatever becomes of it, nobody waits: it is told the newest moment, and asked what came.

    Args:
        settings: where the page is.
        cameras: whose images it shows.
        commits: whose takes it lists.
    """

    refresh_s = 0.1

    def __init__(
        self, settings: StationSettings, cameras: Sequence[PreviewedCamera], commits: Commits
    ) -> None:
        self._commits = commits
        self.shown: Snapshot | None = None
        """The newest that the pages can have seen."""
        self._child = ChildProcess(
            "station",
            *Start(settings, tuple(cameras)).to_arguments(),
            inherits=tuple(camera.mailbox for camera in cameras),
        )

    def wait_until_up(self) -> list[str]:
        """Wait until it serves.

        Returns:
            Its addresses, the one for this machine first.

        Raises:
            LerecordError: it cannot.
        """
        addresses: list[str] = self._child.wait_for("up", _START_TIMEOUT_S)["addresses"]
        return addresses

    def show(self, snapshot: Snapshot) -> None:
        """Have it shown; raises LerecordError when the process has died."""
        if not self._child.running:
            reason = (self._child.complaint().splitlines() or ["no message"])[-1]
            raise LerecordError(f"its process has died ({reason}).")
        self.shown = snapshot
        saved = self._commits.episodes_saved[-_TAKES_SHOWN:]
        takes = tuple(_view(each) for each in reversed(saved))
        self._child.offer(MOMENTS.write(Moment(snapshot, takes)))

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
