import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.cameras import CameraSettings
from lerecord.cameras.opencv import Camera
from lerecord.errors import DeviceError
from lerecord.simulator.camera.mjpeg import MjpegServer, Stream

MJPG = cv2.VideoWriter.fourcc(*"MJPG")
JPEG_ROW = np.frombuffer(cv2.imencode(".jpg", np.zeros((240, 320, 3), np.uint8))[1], np.uint8)


def jpeg(number: int, width: int = 320, height: int = 240) -> bytes:
    pixels = np.full((height, width, 3), number * 10 % 256, dtype=np.uint8)
    ok, data = cv2.imencode(".jpg", pixels)
    assert ok
    return data.tobytes()


def read_many(camera: Camera) -> None:
    for _ in range(100):
        camera.read()


class Device:
    """A cv2.VideoCapture of V4L2, as far as the driver asks it."""

    def __init__(self, pixels: NDArray[np.uint8], **told: float) -> None:
        usual = {"FRAME_WIDTH": 320, "FRAME_HEIGHT": 240, "FOURCC": MJPG, "FPS": 30}
        self._told = {getattr(cv2, f"CAP_PROP_{n}"): v for n, v in (usual | told).items()}
        self._pixels = pixels

    def isOpened(self) -> bool:  # noqa: N802 - as in OpenCV
        return True

    def getBackendName(self) -> str:  # noqa: N802
        return "V4L2"

    def set(self, prop: int, value: float) -> bool:
        return True

    def get(self, prop: int) -> float:
        return self._told[prop]

    def grab(self) -> bool:
        return True

    def retrieve(self) -> tuple[bool, NDArray[np.uint8]]:
        return True, self._pixels

    def release(self) -> None:
        pass


@contextmanager
def serving() -> Iterator[MjpegServer]:
    stream = Stream(30, jpeg)
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as running:
        thread.start()
        yield running
    thread.join()


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with serving() as running:
        yield running


def settings(device: str, width: int = 320) -> CameraSettings:
    return CameraSettings("front", device, width, 240, 30, "MJPG")


def test_images_are_the_cameras_own_bytes_in_order(server: MjpegServer) -> None:
    camera = Camera(settings(server.url))
    camera.open()
    before = time.monotonic()
    images = [camera.read() for _ in range(8)]
    camera.close()
    sent = {jpeg(number) for number in range(60)}
    assert all(image.data in sent for image in images)
    assert len({image.data for image in images}) == len(images)
    assert [image.sequence for image in images] == list(range(8))
    stamps = [image.captured_at for image in images]
    assert stamps == sorted(stamps)
    assert before < stamps[0] <= stamps[-1] <= time.monotonic()


def test_another_size_than_asked_is_refused(server: MjpegServer) -> None:
    camera = Camera(settings(server.url, width=640))
    with pytest.raises(DeviceError, match=r"front gives 320x240 images, not the 640x240 of the"):
        camera.open()


@pytest.mark.parametrize("device", ["http://127.0.0.1:9/front", "/dev/video99", "99"])
def test_a_camera_that_is_not_there_is_named(device: str) -> None:
    camera = Camera(settings(device))
    with pytest.raises(DeviceError, match=rf"Camera front does not open at {device};"):
        camera.open()
    camera.close()


def test_a_camera_that_goes_away_is_said_so() -> None:
    with serving() as server:
        camera = Camera(settings(server.url))
        camera.open()
        camera.read()
    with pytest.raises(DeviceError, match="no longer delivers images"):
        read_many(camera)  # what was already on its way may still be read
    camera.close()
    camera.close()


def test_reading_before_opening_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        Camera(settings(str(tmp_path))).read()


def opened(monkeypatch: pytest.MonkeyPatch, device: Device) -> Camera:
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: device)
    camera = Camera(settings("/dev/video0"))
    camera.open()
    return camera


@pytest.mark.parametrize("unknown", [-1.0, 0.0, math.nan, math.inf])
@pytest.mark.parametrize("what", ["FPS", "FOURCC", "FRAME_WIDTH"])
def test_what_a_device_cannot_tell_is_not_held_against_it(
    monkeypatch: pytest.MonkeyPatch, what: str, unknown: float
) -> None:
    camera = opened(monkeypatch, Device(JPEG_ROW.reshape(1, -1), **{what: unknown}))
    assert isinstance(camera.read().data, bytes)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"FPS": 15.0}, "gives MJPG at 15 fps, not MJPG at 30;"),
        ({"FOURCC": cv2.VideoWriter.fourcc(*"YUYV")}, "gives YUYV at 30 fps, not MJPG at 30;"),
        ({"FRAME_WIDTH": 640.0}, "gives 640x240 images, not the 320x240"),
    ],
)
def test_what_it_tells_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, float], said: str
) -> None:
    with pytest.raises(DeviceError, match=said):
        opened(monkeypatch, Device(JPEG_ROW.reshape(1, -1), **told))


def test_a_rate_is_compared_to_the_nearest_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    opened(monkeypatch, Device(JPEG_ROW.reshape(1, -1), FPS=29.97))


def test_raw_pixels_that_are_no_colours_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = opened(monkeypatch, Device(np.zeros((240, 320, 2), np.uint8), FOURCC=0.0))
    with pytest.raises(DeviceError, match="neither JPEG nor colour pixels"):
        camera.read()


@pytest.mark.parametrize("device", ["http://me:hunter2@127.0.0.1:9/v?token=hunter2"])
def test_no_password_is_told(device: str) -> None:
    with pytest.raises(DeviceError, match=r"does not open at http://127.0.0.1:9/v\?token=") as told:
        Camera(settings(device)).open()
    assert "hunter2" not in str(told.value)
