"""One simulated camera, in a process of its own: its drawing never delays a servo's answer.

`python -m lerecord _simulated-camera OPENING`: the argument is a `messages.CameraOpening` as JSON.
It says `CameraUp` when it serves, and ends at the end of its stdin.
"""

import json
import time
from collections.abc import Callable, Sequence

import cv2

from lerecord import frame_stamp
from lerecord.priority import Realtime, ask_for_realtime
from lerecord.processes import end_with_input, tell
from lerecord.simulator.camera.mjpeg import MjpegServer, Stream
from lerecord.simulator.camera.sight import LOOK, TAKE, Sight, SightClient
from lerecord.simulator.faults import CameraFault
from lerecord.simulator.messages import CAMERA, CameraOpening, CameraUp
from lerecord.simulator.scene import Renderer

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)
_LOST_POLL_S = 0.02
_MEASURED = 4  # images
_COUNTER_MASK, _MILLISECOND_MASK = 0xFFFFFF, 0xFFFFFFFF


Look = Callable[[bytes], Sight]


def picture_taker(renderer: Renderer, look: Look) -> Callable[[int], bytes | None]:
    """Makes image number n as JPEG bytes, stamped at the last moment before coding.

    What the camera has is done to it: none while it stalls, half the size, torn.
    """

    def take(number: int) -> bytes | None:
        seen = look(LOOK)
        if seen.fault is CameraFault.STALL:
            return None
        picture = renderer.draw(seen.scene, number)
        sight = look(TAKE)
        milliseconds = int(sight.now * 1000.0)
        stamp = frame_stamp.Stamp(
            number & _COUNTER_MASK, milliseconds & _MILLISECOND_MASK, sight.pan
        )
        frame_stamp.draw(picture, stamp)
        if sight.fault is CameraFault.SIZE:
            picture = picture[::2, ::2]
        jpeg = cv2.imencode(".jpg", picture, _JPEG)[1].tobytes()
        return jpeg[: len(jpeg) // 2] if sight.fault is CameraFault.CORRUPT else jpeg

    return take


def cost_s(renderer: Renderer, look: Look) -> float:
    """Processor seconds that an image takes: the least of several, as nothing else is measured."""
    costs = []
    for number in range(_MEASURED):
        before = time.thread_time()
        cv2.imencode(".jpg", renderer.draw(look(LOOK).scene, number), _JPEG)
        costs.append(time.thread_time() - before)
    return min(costs)


class Camera:
    """Takes images, and is gone for whoever watches while its connection is lost."""

    def __init__(self, name: str, fps: float, renderer: Renderer, look: Look) -> None:
        self._look = look
        self._take = picture_taker(renderer, look)
        self.stream = Stream(fps, self._picture)
        self.server = MjpegServer(name, self.stream)

    def _picture(self, number: int) -> bytes | None:
        if self._look(LOOK).fault is not CameraFault.LOSS:
            return self._take(number)
        self.server.hang_up()
        while self._look(LOOK).fault is CameraFault.LOSS:
            time.sleep(_LOST_POLL_S)
        self.server.answer_again()
        return None


def main(arguments: Sequence[str]) -> int:
    """Serve until the end of stdin; the exit status."""
    ask_for_realtime(Realtime.SIMULATED_CAMERA)  # a real camera waits for no processor
    end_with_input()
    opening: CameraOpening = CAMERA.read(json.loads(arguments[0]))
    asked = opening.camera
    cv2.setNumThreads(1)
    renderer = Renderer(asked.name, asked.width, asked.height, opening.seed)
    client = SightClient(opening.descriptor)
    camera = Camera(asked.name, asked.fps, renderer, client.look)
    with camera.server:
        tell(CAMERA.write(CameraUp(camera.server.url, cost_s(renderer, client.look))))
        try:
            camera.stream.run()
        except EOFError:
            return 0  # the world has ended
    return 0
