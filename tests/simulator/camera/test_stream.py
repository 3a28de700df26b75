import numpy as np
import pytest

from lerecord import frame_stamp
from lerecord.jpeg import CorruptImageError, decode
from lerecord.simulator.camera import TAKE, Sight
from lerecord.simulator.camera.sight import LOOK
from lerecord.simulator.camera.stream import picture_taker
from lerecord.simulator.faults import CameraFault
from lerecord.simulator.scene import Renderer, Scene
from lerecord.simulator.scene.demonstrator import HOME

RENDERER = Renderer("front", 320, 240, 0)


class Eyes:
    """Sees one and the same thing, and keeps why it looked."""

    def __init__(self, fault: CameraFault) -> None:
        self.looks: list[bytes] = []
        self._sight = Sight(7.5, 1234, Scene(HOME, np.zeros(3), np.eye(3)), fault)

    def look(self, why: bytes) -> Sight:
        self.looks.append(why)
        return self._sight


def test_a_picture_is_stamped_with_what_it_shows() -> None:
    eyes = Eyes(CameraFault.NONE)
    jpeg = picture_taker(RENDERER, eyes.look)(5)
    assert jpeg is not None
    assert frame_stamp.read(decode(jpeg)) == frame_stamp.Stamp(5, 7500, 1234)
    assert eyes.looks == [LOOK, TAKE]


def test_a_camera_that_stalls_takes_no_picture() -> None:
    eyes = Eyes(CameraFault.STALL)
    assert picture_taker(RENDERER, eyes.look)(5) is None
    assert eyes.looks == [LOOK]


def test_another_size_is_a_whole_picture_of_half_the_size() -> None:
    jpeg = picture_taker(RENDERER, Eyes(CameraFault.SIZE).look)(5)
    assert jpeg is not None
    assert decode(jpeg).shape == (120, 160, 3)


def test_a_damaged_picture_does_not_decode() -> None:
    jpeg = picture_taker(RENDERER, Eyes(CameraFault.CORRUPT).look)(5)
    assert jpeg is not None
    assert jpeg.startswith(b"\xff\xd8")
    with pytest.raises(CorruptImageError):
        decode(jpeg)
