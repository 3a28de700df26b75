"""The last second of a camera's images, and the choice of the one that belongs to a frame."""

import threading
import time
from collections import deque
from collections.abc import Callable

from lerecord.frame import Image

_KEEP_S = 1.0


class ImageRing:
    """Filled by the capture thread, asked by the choosing thread.

    The newest image is kept however old it grows: a camera that stalls repeats it. And so is the
    one that stood when the last second began, or frames in a stall would lose theirs once it ends.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._images: deque[Image] = deque()
        self._arrived = threading.Condition()

    def put(self, image: Image) -> None:
        """Add the newest image and forget what no frame of the last second shows."""
        with self._arrived:
            self._images.append(image)
            while len(self._images) > 1 and self._images[1].captured_at <= (
                image.captured_at - _KEEP_S
            ):
                self._images.popleft()
            self._arrived.notify_all()

    def choose(self, row_time: float, settle_s: float) -> Image | None:
        """The newest image captured at or before row_time; None when the camera had none yet.

        An image may still be on its way from the driver when its frame is marked. So the choice
        waits until a later image proves that nothing is on the way any more, but no longer than
        settle_s after row_time.
        """
        with self._arrived:
            while not (self._images and self._images[-1].captured_at > row_time):
                left = row_time + settle_s - self._now()
                if left <= 0 or not self._arrived.wait(left):
                    break
            for image in reversed(self._images):
                if image.captured_at <= row_time:
                    return image
        return None

    def before(self, image: Image) -> Image | None:
        """The newest image that is older than this one; None when it is kept no more."""
        with self._arrived:
            for each in reversed(self._images):
                if each.captured_at < image.captured_at:
                    return each
        return None
