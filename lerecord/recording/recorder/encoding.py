"""Encoding: decodes, counts and encodes the chosen images, between ticks."""

import os
import sys
import threading
from functools import partial

from lerecord.dataset.format import TakeFolder
from lerecord.dataset.staging import TrackWriter
from lerecord.errors import LerecordError
from lerecord.frame import Image
from lerecord.processes import tell
from lerecord.recording.recorder.camera_messages import (
    EVENTS,
    Assignment,
    Begin,
    Closed,
    Command,
    Discard,
    Failed,
    Finish,
)
from lerecord.recording.recorder.capture import Capture
from lerecord.recording.recorder.spool import SpoolingQueue
from lerecord.recording.recorder.tick_gap import Gaps

_NICENESS = 10


class Encoding(threading.Thread):
    """Encodes chosen images in the order they were chosen, one take after the other.

    Between ticks, unless it has fallen behind or the operator has saved the take.
    """

    def __init__(self, assignment: Assignment, capture: Capture) -> None:
        super().__init__()
        self._assignment = assignment
        self._capture = capture
        self.gaps = Gaps(1 / assignment.fps)
        self.work: SpoolingQueue[Command | None] = SpoolingQueue()
        self.hurried = False
        self.must_end = False

    def begin(self, command: Begin) -> None:
        """Queue the beginning of a take; its images may wait in its folder."""
        files = TakeFolder(command.folder)
        files.path.mkdir(parents=True, exist_ok=True)
        self.work.spool_to(files.spool(self._assignment.spec.name))
        self.work.put(command)

    def run(self) -> None:
        """Work until None; an error is told once and ends the process."""
        _yield_to_others()
        try:
            self._run()
        except LerecordError as error:
            tell(EVENTS.write(Failed(str(error))))
            os._exit(2)

    def _run(self) -> None:
        track: TrackWriter | None = None
        while (item := self.work.get()) is not None:
            self._capture.behind = max(0, len(self.work) - self._assignment.burst)
            if isinstance(item, Image):
                assert track is not None
                self._encode(track, item)
            elif isinstance(item, Begin):
                track = self._begin(item)
            elif isinstance(item, Finish | Discard):
                assert track is not None
                self._end(track, item)
                track = None
        if track is not None:
            track.finish()  # the parent is gone: what is encoded stays to be salvaged

    def _end(self, track: TrackWriter, command: Finish | Discard) -> None:
        if isinstance(command, Finish):
            self.hurried = False
            track.finish()
        else:
            track.abort()
        tell(EVENTS.write(Closed(command.take, self.work.spooled)))

    def _encode(self, track: TrackWriter, image: Image) -> None:
        if self._capture.behind or self.hurried or self.must_end:
            track.add(image)
        else:
            self.gaps.run(partial(track.add, image))

    def _begin(self, command: Begin) -> TrackWriter:
        asked = self._assignment
        return TrackWriter(
            command.folder, asked.spec, asked.fps, asked.video, rotation=asked.rotation
        )


def _yield_to_others() -> None:
    """Lower this thread's priority; that of capture, which stamps images, stays as it is."""
    if sys.platform == "linux":  # where a thread has a niceness of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
