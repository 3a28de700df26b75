"""Capture: reads a camera's driver for ever, and never waits for what becomes of the images."""

import threading
import time
from collections import deque

from lerecord.cameras import Camera
from lerecord.dataset.video import encoded
from lerecord.errors import LerecordError
from lerecord.frame import Image
from lerecord.priority import Realtime, ask_for_realtime
from lerecord.processes import MailboxWriter, tell
from lerecord.recording.recorder.camera_messages import EVENTS, Captured, Lost
from lerecord.recording.recorder.image_ring import ImageRing

_REOPEN_S = 0.5


class Capture(threading.Thread):
    """Reads the driver into the ring and the mailbox; opens it again when it is lost."""

    def __init__(self, camera: Camera, fps: int, ring: ImageRing, mailbox: MailboxWriter) -> None:
        super().__init__(daemon=True)
        self._camera = camera
        self._ring = ring
        self._mailbox = mailbox
        self._sequence = 0
        self._recent: deque[float] = deque(maxlen=fps)
        self.behind = 0  # images chosen and not yet encoded; the encoder's figure

    def run(self) -> None:
        """Read for ever; the process ends around this thread."""
        ask_for_realtime(Realtime.CAPTURE)  # else a busy machine stamps images late
        while True:
            try:
                self._read_until_lost()
            except LerecordError as error:
                tell(EVENTS.write(Lost(str(error))))
            self._camera.close()
            self._open_again()

    def _open_again(self) -> None:
        while True:
            time.sleep(_REOPEN_S)
            try:
                return self._camera.open()
            except LerecordError as error:
                tell(EVENTS.write(Lost(str(error))))  # the reason may be another one by now

    def _read_until_lost(self) -> None:
        base = self._sequence
        while True:
            read = self._camera.read()
            self._sequence = base + read.sequence + 1
            image = Image(read.data, read.captured_at, base + read.sequence)
            self._ring.put(image)
            self._tell(image.captured_at)
            if self._mailbox.wanted:
                self._post(image)

    def _post(self, image: Image) -> None:
        """Put it into the mailbox; one that has no room there is only recorded."""
        jpeg = image.data if isinstance(image.data, bytes) else encoded(image.data)
        self._mailbox.put(jpeg, image.captured_at, image.sequence)

    def _tell(self, captured_at: float) -> None:
        """How new the newest image is, and how fast they came over the last second."""
        recent = self._recent
        recent.append(captured_at)
        fps = (len(recent) - 1) / (captured_at - recent[0]) if len(recent) > 1 else None
        tell(EVENTS.write(Captured(captured_at, fps, self.behind)))
