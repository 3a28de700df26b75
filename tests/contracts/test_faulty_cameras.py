"""What becomes of the images of a camera that misbehaves, whatever its driver.

A slow one is repeated and told by its rate, a frozen or black one is counted, a damaged image is
counted and shows the one before, padding is nothing, and other sizes are refused before a take.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord.config import CameraConfig
from lerecord.dataset.format import CameraSpec, DatasetSpec
from lerecord.dataset.format.camera_health import camera_health
from lerecord.dataset.staging.capture_journal import load_track
from lerecord.errors import LerecordError
from lerecord.recording.recorder.remote_camera import RemoteCamera
from lerecord.simulator.camera.mjpeg import MjpegServer, Stream

FPS, FRAMES = 30, 36
SPEC = CameraSpec("front", 320, 240)
RANDOM = np.random.default_rng(0)
CLIP_FRAMES = 20


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels)[1])


NOISE = RANDOM.integers(0, 200, (240, 320, 3), np.uint8)
CLIP = [encoded(np.roll(NOISE, 9 * number, axis=1)) for number in range(CLIP_FRAMES)]
BLACK = encoded(RANDOM.integers(0, 4, (240, 320, 3), np.uint8))


def announcing(data: bytes, side: int) -> bytes:
    at = data.index(b"\xff\xc0") + 5
    return data[:at] + side.to_bytes(2) * 2 + data[at + 4 :]


def garbled(data: bytes) -> bytes:
    return data[:9000] + b"\x55\xaa\x33" * 40 + data[9120:]


FAULTS: Mapping[str, Callable[[int], bytes]] = {
    "frozen": lambda number: CLIP[0],
    "black": lambda number: BLACK,
    "damaged": lambda number: garbled(CLIP[number]) if number % 4 == 2 else CLIP[number],
    "mostly torn": lambda number: CLIP[number][: -5000 if number % 4 else None],
    "padded": lambda number: CLIP[number] + bytes(5000),
    "huge": lambda number: announcing(CLIP[number], 65500) if number % 4 == 2 else CLIP[number],
}
UNUSABLE: Mapping[str, tuple[Callable[[int], bytes], str]] = {
    "another size": (lambda number: encoded(NOISE[:120]), "320x120"),
    "always huge": (lambda number: announcing(CLIP[number], 65500), "65500x65500|front"),
    "always damaged": (lambda number: garbled(CLIP[number]), r"None of the first 10 images of"),
}


@contextmanager
def over_http(images: list[bytes], folder: Path) -> Iterator[dict[str, Any]]:
    stream = Stream(FPS, lambda number: images[number % len(images)])
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        thread.start()
        yield {"device": server.url}
    thread.join()


@contextmanager
def from_a_file(images: list[bytes], folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / "clip.mjpeg"
    path.write_bytes(b"".join(images))
    yield {"driver": "file", "device": str(path)}


Playing = Callable[[list[bytes], Path], AbstractContextManager[dict[str, Any]]]
PLAYING: Mapping[str, Playing] = {"opencv": over_http, "file": from_a_file}


@contextmanager
def running(settings: dict[str, Any]) -> Iterator[RemoteCamera]:
    usual = {"width": SPEC.width, "height": SPEC.height, "fps": FPS}
    config = CameraConfig.model_validate(usual | settings)
    camera = RemoteCamera(config, SPEC, DatasetSpec("koch", FPS, "normalized", (), (SPEC,)))
    try:
        camera.wait_until_ready()
        yield camera
    finally:
        camera.close()


def recorded(camera: RemoteCamera, folder: Path) -> dict[str, Any]:
    """The health of a take."""
    camera.begin("take", folder)
    started = []
    for row in range(FRAMES):
        started.append(time.monotonic())
        camera.mark(row, started[-1], started[-1])
        time.sleep(1 / FPS)
    camera.finish("take")
    deadline = time.monotonic() + 240
    while "take" not in camera.poll():
        assert camera.running, camera.trouble(60.0)
        assert time.monotonic() < deadline
        time.sleep(0.01)
    track = load_track(folder, SPEC)
    assert track.rows == FRAMES
    return camera_health(track, np.array(started))


@pytest.fixture(params=sorted(PLAYING))
def playing(request: pytest.FixtureRequest) -> Playing:
    return PLAYING[request.param]


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_take_goes_on_and_counts_what_its_camera_does_wrong(
    playing: Playing, fault: str, tmp_path: Path
) -> None:
    images = [FAULTS[fault](number) for number in range(CLIP_FRAMES)]
    with playing(images, tmp_path) as settings, running(settings) as camera:
        health = recorded(camera, tmp_path / "take")
    new = FRAMES - health["repeated"]
    if fault == "mostly torn":
        assert health["corrupt"] > FRAMES / 2
    elif fault in ("damaged", "huge"):
        assert FRAMES / 10 < health["corrupt"] < FRAMES / 2  # one image in four
        assert health["blank"] == 0
    else:
        assert health["corrupt"] == 0
        assert health["blank"] == (FRAMES if fault == "black" else 0)
        assert (health["unchanged"] >= new - 1) == (fault in ("frozen", "black"))


def test_a_slow_camera_is_repeated_and_told_by_its_rate(tmp_path: Path) -> None:
    with from_a_file(CLIP, tmp_path) as settings, running({**settings, "fps": 10}) as camera:
        health = recorded(camera, tmp_path / "take")
    assert health["fps"] == pytest.approx(10, abs=1.0)
    assert health["repeated"] > FRAMES / 2
    assert health["unchanged"] == health["corrupt"] == 0


@pytest.mark.parametrize("fault", sorted(UNUSABLE))
def test_a_camera_that_cannot_be_recorded_is_refused_before_the_first_take(
    playing: Playing, fault: str, tmp_path: Path
) -> None:
    image, said = UNUSABLE[fault]
    images = [image(number) for number in range(CLIP_FRAMES)]
    with (
        playing(images, tmp_path) as settings,
        pytest.raises(LerecordError, match=said) as told,
        running(settings),
    ):
        pass
    assert "Traceback" not in str(told.value)


def test_a_camera_of_a_single_image_ends_the_take_with_a_sentence(tmp_path: Path) -> None:
    enough = threading.Event()

    def once(number: int) -> bytes | None:
        return CLIP[0] if number < 3 or enough.is_set() else None

    stream = Stream(FPS, once)
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        thread.start()
        with running({"device": server.url}) as camera:
            deadline = time.monotonic() + 240
            while (trouble := camera.trouble(max_silence_s=0.3)) is None:
                assert time.monotonic() < deadline
                camera.poll()
                time.sleep(0.01)
    thread.join()
    assert trouble.startswith("Camera front has not delivered an image for ")
