"""One process a camera: capture, choose, encode.

Four threads, so that none waits for another: capture reads the driver; the main thread takes the
marks off the pipe; choosing finds each frame's image while it is still in the ring; encoding
decodes, counts and encodes the chosen ones. Started as `python -m`, ended by the end of stdin.
"""

import os
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord import drivers
from lerecord.cameras import Camera, CameraSettings
from lerecord.dataset.format import CameraSpec, TakeFolder, VideoSettings, video_from_data
from lerecord.dataset.staging import TrackWriter
from lerecord.dataset.video import LARGEST, probe
from lerecord.errors import DeviceError, LerecordError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError, decode
from lerecord.priority import Realtime, ask_for_realtime
from lerecord.processes import Message, end_with_any_thread, ignore_signals, messages, say
from lerecord.recording.recorder.batches import Batches
from lerecord.recording.recorder.capacity import cost_of
from lerecord.recording.recorder.image_ring import ImageRing
from lerecord.recording.recorder.spool import SpoolingQueue
from lerecord.recording.recorder.tick_gap import Gaps

_REOPEN_S = 0.5
_LAST_WORK_S = 0.8  # for what is already chosen, when the parent is gone
_NICENESS = 10
_BURST_S = 0.1
_TORN_AT_START = 10


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the parent asks of this process: the camera, and how its images are recorded.

    Attributes:
        turn: the camera's place among those of the rig, from 0 to below 1.
    """

    driver: str
    settings: CameraSettings
    spec: CameraSpec
    video: VideoSettings
    fps: int
    rotation: int
    turn: float

    @property
    def burst(self) -> int:
        """Images that are chosen and encoded together."""
        return 1 + round(_BURST_S * self.fps)

    def ends_a_burst(self, message: Message) -> bool:
        """Whether what has been asked so far is to be done now.

        The cameras of a rig take turns: images that are encoded at the same moment slow each
        other down, and with every core busy everybody else would wait for one.
        """
        if message["do"] != "mark":
            return True
        place: int = message["row"] + round(self.turn * self.burst)
        return place % self.burst == self.burst - 1

    @classmethod
    def from_message(cls, message: Message) -> "Assignment":
        """The parent's `open` message, typed."""
        return cls(
            driver=message["driver"],
            settings=CameraSettings(**message["settings"]),
            spec=CameraSpec(**message["spec"]),
            video=video_from_data(message["video"]),
            fps=message["fps"],
            rotation=message["rotation"],
            turn=message["turn"],
        )


class Capture(threading.Thread):
    """Reads the driver into the ring; opens it again when it is lost."""

    def __init__(self, camera: Camera, fps: int, ring: ImageRing) -> None:
        super().__init__(daemon=True)
        self._camera = camera
        self._ring = ring
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
                say("lost", message=str(error))
            self._camera.close()
            self._open_again()

    def _open_again(self) -> None:
        while True:
            time.sleep(_REOPEN_S)
            try:
                return self._camera.open()
            except LerecordError as error:
                say("lost", message=str(error))  # the reason may be another one by now

    def _read_until_lost(self) -> None:
        base = self._sequence
        while True:
            read = self._camera.read()
            self._sequence = base + read.sequence + 1
            image = Image(read.data, read.captured_at, base + read.sequence)
            self._ring.put(image)
            self._tell(image.captured_at)

    def _tell(self, captured_at: float) -> None:
        """How new the newest image is, and how fast they came over the last second."""
        recent = self._recent
        recent.append(captured_at)
        fps = (len(recent) - 1) / (captured_at - recent[0]) if len(recent) > 1 else None
        say("image", captured_at=captured_at, fps=fps, behind=self.behind)


class Encoding(threading.Thread):
    """Encodes chosen images in the order they were chosen, one take after the other.

    Between ticks, unless it has fallen behind or the operator has saved the take.
    """

    def __init__(self, assignment: Assignment, capture: Capture) -> None:
        super().__init__()
        self._assignment = assignment
        self._capture = capture
        self.gaps = Gaps(1 / assignment.fps)
        self.work: SpoolingQueue[Message | None] = SpoolingQueue()
        self.hurried = False

    def begin(self, message: Message) -> None:
        """Queue the beginning of a take; its images may wait in its folder."""
        files = TakeFolder(Path(message["folder"]))
        files.path.mkdir(parents=True, exist_ok=True)
        self.work.spool_to(files.spool(self._assignment.spec.name))
        self.work.put(message)

    def run(self) -> None:
        """Work until None; an error is told once and ends the process."""
        _yield_to_others()
        try:
            self._run()
        except LerecordError as error:
            say("error", message=str(error))
            os._exit(2)

    def _run(self) -> None:
        track: TrackWriter | None = None
        while (item := self.work.get()) is not None:
            self._capture.behind = max(0, len(self.work) - self._assignment.burst)
            if isinstance(item, Image):
                assert track is not None
                self._encode(track, item)
            elif item["do"] == "begin":
                track = self._begin(item)
            elif item["do"] == "finish":
                assert track is not None
                self.hurried = False
                summary = track.finish()
                say("finished", take=item["take"], rows=summary.rows, spooled=self.work.spooled)
                track = None
            else:
                assert track is not None
                track.abort()
                say("discarded", take=item["take"], spooled=self.work.spooled)
                track = None
        if track is not None:
            track.finish()  # the parent is gone: what is encoded stays to be salvaged

    def _encode(self, track: TrackWriter, image: Image) -> None:
        if self._capture.behind or self.hurried:
            track.add(image)
        else:
            self.gaps.run(partial(track.add, image))

    def _begin(self, message: Message) -> TrackWriter:
        asked, folder = self._assignment, Path(message["folder"])
        return TrackWriter(folder, asked.spec, asked.fps, asked.video, rotation=asked.rotation)


def _yield_to_others() -> None:
    """Lower this thread's priority; that of capture, which stamps images, stays as it is."""
    if sys.platform == "linux":  # where a thread has a niceness of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


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
        self.commands: Batches[Message | None] = Batches(2 * _BURST_S)

    def run(self) -> None:
        """Choose in the order of the marks; everything else is passed on in its place."""
        while True:
            for message in self.commands.get():
                if message is None:
                    return self._encoding.work.put(None)
                self._obey(message)

    def _obey(self, message: Message) -> None:
        if message["do"] == "begin":
            self._begins = True
            self._encoding.begin(message)
        elif message["do"] == "mark":
            image = self._chosen(message["time"])
            self._encoding.work.put(self._newest_whole(image) if self._begins else image)
            self._begins = False
        else:
            self._encoding.work.put(message)

    def _newest_whole(self, image: Image) -> Image:
        """The image, or the newest before it that decodes: a take has none yet to show instead."""
        candidate: Image | None = image
        while candidate is not None:
            try:
                _pixels_of(candidate, self._settings)
            except CorruptImageError:
                candidate = self._ring.before(candidate)
            else:
                return candidate
        return image

    def _chosen(self, row_time: float) -> Image:
        image = self._ring.choose(row_time, self._settle_s)
        if image is None:
            say("error", message="A take began before the camera had given an image.")
            os._exit(2)
        return image


def _whole(camera: Camera, settings: CameraSettings) -> Image:
    """Its first image that decodes: what some cameras give when they start is torn."""
    reason: CorruptImageError | None = None
    for _ in range(_TORN_AT_START):
        image = camera.read()
        try:
            height, width = _pixels_of(image, settings).shape[:2]
        except CorruptImageError as error:
            reason = error
            continue
        if (width, height) != (settings.width, settings.height):
            raise DeviceError(
                f"Camera {settings.name} gives {width}x{height} images, not the "
                f"{settings.width}x{settings.height} of the config; change one of them."
            )
        return image
    raise DeviceError(
        f"None of the first {_TORN_AT_START} images of camera {settings.name} decodes ({reason}): "
        f"check its cable, and its size and fourcc in the hardware config."
    )


def _pixels_of(image: Image, settings: CameraSettings) -> NDArray[np.uint8]:
    if not isinstance(image.data, bytes):
        return image.data
    return decode(image.data, LARGEST * settings.width * settings.height)


def _end_with(camera: str, error: BaseException) -> NoReturn:
    """Tell the parent in a sentence and end: with a thread missing, nobody would go on."""
    traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}".strip().removesuffix(".").removesuffix(":")
    say(
        "error",
        message=f"The process of camera {camera} ended ({reason}); check the camera's driver and "
        f"report this when it happens again.",
    )
    os._exit(2)


def _thread_died(camera: str, failure: threading.ExceptHookArgs) -> None:
    _end_with(camera, failure.exc_value or RuntimeError("a thread died"))


def main() -> None:
    """Open the camera, say `ready` with the first image, and serve until stdin ends."""
    ignore_signals()
    end_with_any_thread()
    cv2.setNumThreads(1)  # one image is too small to be shared out
    parent = messages()
    assignment = Assignment.from_message(next(parent))
    settings = assignment.settings
    threading.excepthook = partial(_thread_died, settings.name)
    ring = ImageRing()
    try:
        probe(assignment.spec, assignment.fps, assignment.video.live())
        camera: Camera = drivers.load("cameras", assignment.driver).Camera(settings)
        camera.open()
        first = _whole(camera, settings)
        encode_s = cost_of(first, assignment.spec, assignment.fps, assignment.video)
    except LerecordError as error:
        say("error", message=str(error))
        return
    except Exception as error:  # a driver is anybody's code
        _end_with(settings.name, error)
    ring.put(first)
    capture = Capture(camera, settings.fps, ring)
    encoding = Encoding(assignment, capture)
    choosing = Choosing(ring, settings, encoding)
    for thread in (capture, encoding, choosing):
        thread.start()
    say("ready", captured_at=first.captured_at, encode_s=encode_s)
    for message in parent:
        if message["do"] == "mark":
            encoding.gaps.tick = message["due"]
        elif message["do"] == "finish":
            encoding.hurried = True  # while the images of the last frames are still being chosen
        choosing.commands.put(message, last=assignment.ends_a_burst(message))
    choosing.commands.put(None, last=True)
    encoding.join(_LAST_WORK_S)
    os._exit(0)  # a driver call may hang for ever


if __name__ == "__main__":
    main()
