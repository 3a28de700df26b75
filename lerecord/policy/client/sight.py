"""The images that a policy gets: from the cameras' mailboxes, turned and sized as it wants them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lerecord.errors import DeviceError
from lerecord.frame import Image
from lerecord.jpeg import CorruptImageError, decode
from lerecord.policy.client.messages import PolicyCamera
from lerecord.policy.policy import CameraInput, Rgb
from lerecord.processes import MailboxReader

_WAIT_S = 1.0  # for a camera that nobody has looked through so far
_LOOK_EVERY_S = 0.005
_TURNS = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True, slots=True)
class _Eye:
    camera: PolicyCamera
    reader: MailboxReader


class Sight:
    """Looks through the cameras of a rig."""

    def __init__(
        self,
        cameras: Sequence[PolicyCamera],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._eyes = {each.name: _Eye(each, MailboxReader(each.mailbox)) for each in cameras}
        self._now, self._sleep = now, sleep

    def keep_awake(self) -> None:
        """Let the cameras know that images will be wanted: they give none to nobody."""
        for eye in self._eyes.values():
            eye.reader.newest()

    def images(self, wanted: Sequence[CameraInput], until: float) -> Mapping[str, Rgb]:
        """The newest image of each camera at a time, as the policy wants it.

        Where a camera gave none before that time, the first one that is there after it.

        Raises:
            DeviceError: the rig has no such camera, or it gives no image.
        """
        return {each.name: self._image(each, until) for each in wanted}

    def _image(self, wanted: CameraInput, until: float) -> Rgb:
        eye = self._eyes.get(wanted.name)
        if eye is None:
            known = ", ".join(self._eyes) or "none"
            raise DeviceError(
                f"The policy looks through a camera {wanted.name}, which the rig has not "
                f"({known}); name one of the rig's: --rename CAMERA={wanted.name}."
            )
        try:
            return _as_wanted(self._taken(eye, until), eye.camera.rotation, wanted)
        except CorruptImageError as error:
            raise DeviceError(f"An image of camera {wanted.name} is damaged: {error}.") from error

    def _taken(self, eye: _Eye, until: float) -> Image:
        give_up = self._now() + _WAIT_S
        while True:
            image = eye.reader.newest(until) or eye.reader.newest()
            if image is not None:
                return image
            if self._now() > give_up:
                raise DeviceError(f"Camera {eye.camera.name} gives no image.")
            self._sleep(_LOOK_EVERY_S)


def _as_wanted(image: Image, rotation: int, wanted: CameraInput) -> Rgb:
    assert isinstance(image.data, bytes)
    pixels = np.asarray(decode(image.data))
    if rotation in _TURNS:
        pixels = np.asarray(cv2.rotate(pixels, _TURNS[rotation]), np.uint8)
    size = (wanted.width, wanted.height)
    if pixels.shape[1::-1] != size:
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
