"""What every camera driver keeps to, each on a device that it can reach here."""

import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import cv2
import numpy as np
import pytest

from lerecord import drivers
from lerecord.cameras import Camera, CameraSettings
from lerecord.errors import DeviceError
from lerecord.simulator.camera.mjpeg import MjpegServer, Stream

WIDTH, HEIGHT = 160, 120


@contextmanager
def over_http() -> Iterator[str]:
    ok, jpeg = cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8))
    assert ok
    stream = Stream(60, lambda _: jpeg.tobytes())
    thread = threading.Thread(target=stream.run)
    with MjpegServer("any", stream) as server:
        thread.start()
        yield server.url
    thread.join()


@contextmanager
def from_a_file() -> Iterator[str]:
    ok, jpeg = cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8))
    assert ok
    with tempfile.NamedTemporaryFile(suffix=".mjpeg") as file:
        file.write(jpeg.tobytes() * 3)
        file.flush()
        yield file.name


DEVICES: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "file": from_a_file,
    "opencv": over_http,
}


def make(driver: str, device: str) -> Camera:
    settings = CameraSettings("any", device, WIDTH, HEIGHT, 60, "MJPG")
    camera: Camera = drivers.load("cameras", driver).Camera(settings)
    return camera


def test_every_driver_is_under_contract() -> None:
    assert sorted(DEVICES) == drivers.names("cameras")


@pytest.fixture(params=sorted(DEVICES))
def camera(request: pytest.FixtureRequest) -> Iterator[Camera]:
    with DEVICES[request.param]() as device:
        made = make(request.param, device)
        yield made
        made.close()


def test_images_are_counted_from_0_and_stamped_with_the_shared_clock(camera: Camera) -> None:
    for _ in range(2):  # opened again, it counts from 0 again
        before = time.monotonic()
        camera.open()
        images = [camera.read() for _ in range(5)]
        camera.close()
        assert images[0].sequence == 0
        assert all(b.sequence > a.sequence for a, b in itertools.pairwise(images))
        assert all(b.captured_at > a.captured_at for a, b in itertools.pairwise(images))
        assert before <= images[0].captured_at <= images[-1].captured_at <= time.monotonic()


def test_an_image_is_jpeg_or_pixels_of_the_size_asked_for(camera: Camera) -> None:
    camera.open()
    data = camera.read().data
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), 1) if isinstance(data, bytes) else data
    assert pixels is not None
    assert pixels.shape == (HEIGHT, WIDTH, 3)


def test_closing_is_always_allowed(camera: Camera) -> None:
    camera.close()
    camera.open()
    camera.close()
    camera.close()


@pytest.mark.parametrize("driver", sorted(DEVICES))
def test_a_device_that_is_not_there_is_refused_in_a_sentence(driver: str) -> None:
    with pytest.raises(DeviceError, match=r"^Camera any .*\.$"):
        make(driver, "/dev/nowhere").open()
