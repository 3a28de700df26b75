import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from lerecord.cameras.camera import CameraSettings
from lerecord.cameras.opencv import Camera
from lerecord.errors import DeviceError
from lerecord.simulator.mjpeg import MjpegServer, Stream


def jpeg(number: int, width: int = 320, height: int = 240) -> bytes:
    pixels = np.full((height, width, 3), number * 10 % 256, dtype=np.uint8)
    ok, data = cv2.imencode(".jpg", pixels)
    assert ok
    return data.tobytes()


def read_many(camera: Camera) -> None:
    for _ in range(100):
        camera.read()


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
    with pytest.raises(DeviceError, match=r"front gives 320x240 pictures, not the 640x240 of the"):
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
    with pytest.raises(DeviceError, match="gives no image any more"):
        read_many(camera)  # what was already on its way may still be read
    camera.close()
    camera.close()


def test_reading_before_opening_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError):
        Camera(settings(str(tmp_path))).read()
