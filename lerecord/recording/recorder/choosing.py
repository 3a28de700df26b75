"""Choosing: finds the image of each frame while it is still in the ring."""

import os
import threading

from lerecord.cameras import CameraSettings
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError
from lerecord.processes import tell
from lerecord.recording.recorder.batches import Batches
from lerecord.recording.recorder.camera_messages import (
    BURST_S,
    EVENTS,
    Begin,
    Command,
    Failed,
    Mark,
)
from lerecord.recording.recorder.encoding import Encoding
from lerecord.recording.recorder.image_ring import ImageRing
from lerecord.recording.recorder.whole_image import pixels_of


class Choosing(threading.Thread):
    """Turns each mark into the image that the camera had at its frame's time.

    Several at a time, well before they leave the ring, so that they are encoded together: a
    processor that has just been woken, with cold caches, takes a fifth more time.
    """

    def __init__(self, ring: ImageRing, settings: CameraSettings, encoding: Encoding) -> None:
        super().__init__(daemon=True)
        self._ring = ring
        self._settings = settings
        self._settle_s = 1.5 / settings.fps
        self._encoding = encoding
        self._begins = False
        self.commands: Batches[Command | None] = Batches(2 * BURST_S)

    def run(self) -> None:
        """Choose in the order of the marks; everything else is passed on in its place."""
        while True:
            for command in self.commands.get():
                if command is None:
                    return self._encoding.work.put(None)
                self._obey(command)

    def _obey(self, command: Command) -> None:
        if isinstance(command, Begin):
            self._begins = True
            self._encoding.begin(command)
        elif isinstance(command, Mark):
            image = self._chosen(command.time)
            self._encoding.work.put(self._newest_whole(image) if self._begins else image)
            self._begins = False
        else:
            self._encoding.work.put(command)

    def _newest_whole(self, image: Image) -> Image:
        """The image, or the newest before it that decodes: a take has none yet to show instead."""
        candidate: Image | None = image
        while candidate is not None:
            try:
                pixels_of(candidate, self._settings)
            except CorruptImageError:
                candidate = self._ring.before(candidate)
            else:
                return candidate
        return image

    def _chosen(self, row_time: float) -> Image:
        image = self._ring.choose(row_time, self._settle_s)
        if image is None:
            tell(EVENTS.write(Failed("The take started before the camera had delivered an image.")))
            os._exit(2)
        return image
