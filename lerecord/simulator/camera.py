"""One simulated camera, in a process of its own: its drawing never delays a servo's answer.

`python -m lerecord.simulator.camera '{"name": ..., "width": ..., "height": ..., "fps": ..., "seed":
..., "descriptor": ...}'`: the descriptor is a socket to the world. It prints its URL, and ends at
the end of its stdin.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable

import cv2

from lerecord import strip
from lerecord.simulator.mjpeg import MjpegServer, Stream
from lerecord.simulator.render import Renderer
from lerecord.simulator.sight import Sight, SightClient

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 90)
_NICE = 5  # a picture may wait for the processor, a servo's answer may not
_COUNTER_MASK, _MILLISECOND_MASK = 0xFFFFFF, 0xFFFFFFFF


def picture_taker(renderer: Renderer, look: Callable[[], Sight]) -> Callable[[int], bytes]:
    """Makes picture number n as JPEG bytes, stamped at the last moment before coding."""

    def take(number: int) -> bytes:
        picture = renderer.draw(look().scene, number)
        sight = look()
        milliseconds = int(sight.now * 1000.0)
        stamp = strip.Stamp(number & _COUNTER_MASK, milliseconds & _MILLISECOND_MASK, sight.pan)
        strip.draw(picture, stamp)
        return cv2.imencode(".jpg", picture, _JPEG)[1].tobytes()

    return take


def main() -> int:
    """Serve until the end of stdin; the exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    asked = json.loads(sys.argv[1])
    cv2.setNumThreads(1)
    renderer = Renderer(asked["name"], asked["width"], asked["height"], asked["seed"])
    client = SightClient(asked["descriptor"])
    stream = Stream(asked["fps"], picture_taker(renderer, client.look))
    with MjpegServer(asked["name"], stream) as server:
        print(server.url, flush=True)
        try:
            stream.run()
        except EOFError:
            return 0  # the world has ended
    return 0


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
