from pathlib import Path

import cv2
import numpy as np
import pytest

from lerecord.cameras import CameraSettings
from lerecord.cameras.file import Camera
from lerecord.errors import DeviceError


class Clock:
    def __init__(self) -> None:
        self.now_s = 50.0

    def now(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def jpeg(grey: int) -> bytes:
    ok, data = cv2.imencode(".jpg", np.full((48, 64, 3), grey, dtype=np.uint8))
    assert ok
    return data.tobytes()


PICTURES = [jpeg(grey) for grey in (10, 90, 200)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "clip.mjpeg").write_bytes(b"".join(PICTURES))
    return tmp_path / "clip.mjpeg"


def camera(path: Path, clock: Clock, width: int = 64) -> Camera:
    settings = CameraSettings("front", str(path), width, 48, 10, "MJPG")
    return Camera(settings, clock.now, clock.sleep)


def test_the_files_own_bytes_come_over_and_over_at_the_rate(path: Path) -> None:
    playing = camera(path, Clock())
    playing.open()
    images = [playing.read() for _ in range(7)]
    assert [image.data for image in images] == [PICTURES[i % 3] for i in range(7)]
    assert [image.sequence for image in images] == list(range(7))
    assert [image.captured_at for image in images] == pytest.approx([50 + i / 10 for i in range(7)])


def test_a_reader_that_was_away_skips_what_is_over(path: Path) -> None:
    clock = Clock()
    playing = camera(path, clock)
    playing.open()
    playing.read()
    clock.now_s += 0.55
    late = playing.read()
    assert late.sequence == 5
    assert playing.read().sequence == 6


def test_another_size_is_refused(path: Path) -> None:
    with pytest.raises(DeviceError, match=r"plays 64x48 images from .*, not the 128x48 of the"):
        camera(path, Clock(), width=128).open()


@pytest.mark.parametrize("content", [b"", b"no picture at all"])
def test_a_file_without_pictures_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clip.mjpeg"
    path.write_bytes(content)
    with pytest.raises(DeviceError, match=r"^Camera front "):
        camera(path, Clock()).open()
