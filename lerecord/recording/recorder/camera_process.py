"""One process a camera: capture, choose, encode.

Four threads, so that none waits for another: `capture` reads the driver; the main thread takes the
marks off the pipe; `choosing` finds each frame's image while it is still in the ring; `encoding`
decodes, counts and encodes the chosen ones. It ends with its stdin.
"""

import os
import threading
import traceback
from collections.abc import Sequence
from functools import partial
from typing import NoReturn

import cv2

from lerecord import drivers
from lerecord.cameras import Camera
from lerecord.dataset.video import probe
from lerecord.errors import LerecordError
from lerecord.processes import MailboxWriter, messages, tell
from lerecord.recording.recorder.camera_messages import (
    COMMANDS,
    EVENTS,
    Assignment,
    Failed,
    Finish,
    Mark,
    Ready,
)
from lerecord.recording.recorder.capture import Capture
from lerecord.recording.recorder.choosing import Choosing
from lerecord.recording.recorder.encoding import Encoding
from lerecord.recording.recorder.encoding_cost import cost_of
from lerecord.recording.recorder.image_ring import ImageRing
from lerecord.recording.recorder.whole_image import first_whole

_LAST_WORK_S = 3.0  # for what is already chosen, when the parent is gone


def _end_with(camera: str, error: BaseException) -> NoReturn:
    """Tell the parent in a sentence and end: with a thread missing, nobody would go on."""
    traceback.print_exception(error)
    reason = f"{type(error).__name__}: {error}".strip().removesuffix(".").removesuffix(":")
    sentence = (
        f"The process of camera {camera} ended ({reason}); check the camera's driver and report "
        f"this when it happens again."
    )
    tell(EVENTS.write(Failed(sentence)))
    os._exit(2)


def _thread_died(camera: str, failure: threading.ExceptHookArgs) -> None:
    _end_with(camera, failure.exc_value or RuntimeError("a thread died"))


def main(arguments: Sequence[str]) -> None:
    """Open the camera, say `ready` with the first image, and serve until stdin ends.

    The argument is the descriptor of the camera's mailbox.
    """
    cv2.setNumThreads(1)  # one image is too small to be shared out
    parent = messages()
    assignment: Assignment = COMMANDS.read(next(parent))
    settings = assignment.settings
    threading.excepthook = partial(_thread_died, settings.name)
    ring = ImageRing()
    try:
        probe(assignment.spec, assignment.fps, assignment.video.live())
        camera: Camera = drivers.load("cameras", assignment.driver).Camera(settings)
        camera.open()
        first = first_whole(camera, settings)
        encode_s = cost_of(first, assignment.spec, assignment.fps, assignment.video)
    except LerecordError as error:
        tell(EVENTS.write(Failed(str(error))))
        return
    except Exception as error:  # a driver is anybody's code
        _end_with(settings.name, error)
    ring.put(first)
    capture = Capture(camera, settings.fps, ring, MailboxWriter(int(arguments[0])))
    encoding = Encoding(assignment, capture)
    choosing = Choosing(ring, settings, encoding)
    for thread in (capture, encoding, choosing):
        thread.start()
    tell(EVENTS.write(Ready(first.captured_at, encode_s)))
    for command in map(COMMANDS.read, parent):
        if isinstance(command, Mark):
            encoding.gaps.tick = command.scheduled
        elif isinstance(command, Finish):
            encoding.hurried = True  # while the images of the last frames are still being chosen
        choosing.commands.put(command, last=assignment.ends_a_burst(command))
    encoding.must_end = True
    choosing.commands.put(None, last=True)
    encoding.join(_LAST_WORK_S)
    os._exit(0)  # a driver call may hang for ever
