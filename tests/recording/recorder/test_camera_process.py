import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from lerecord import frame_stamp
from lerecord.cameras import CameraSettings
from lerecord.config import CameraConfig
from lerecord.dataset.format import CameraSpec, DatasetSpec, TrackSummary, VideoSettings
from lerecord.dataset.staging.capture_journal import load_track
from lerecord.errors import LerecordError
from lerecord.frame import Image
from lerecord.frame_stamp import Stamp
from lerecord.jpeg import decode
from lerecord.priority import Realtime
from lerecord.processes import ImageMailbox, MailboxReader, MailboxWriter
from lerecord.recording.recorder.camera_messages import Assignment, Finish, Mark
from lerecord.recording.recorder.capture import Capture
from lerecord.recording.recorder.image_ring import ImageRing
from lerecord.recording.recorder.remote_camera import RemoteCamera
from lerecord.simulator.camera.mjpeg import MjpegServer, Stream
from tests.mailbox_readers import readers_killed
from tests.test_priority import SCHED_FIFO, needs_permission

KILLS = 100 if os.environ.get("LERECORD_CRASH_DEPTH") == "2" else 10
FPS = 30
SPEC = CameraSpec("front", 320, 240)
SETTINGS = CameraSettings("front", "/dev/video0", 320, 240, FPS, "MJPG")


def picture(number: int) -> bytes:
    pixels = np.full((240, 320, 3), 90, dtype=np.uint8)
    frame_stamp.draw(pixels, Stamp(number, int(time.monotonic() * 1000) % 2**32, 0))
    ok, data = cv2.imencode(".jpg", pixels)
    assert ok
    return data.tobytes()


class Source:
    """A camera over HTTP that can be made to stall."""

    def __init__(self) -> None:
        self.flowing = threading.Event()
        self.flowing.set()
        self.stream = Stream(FPS, self._take)
        self.thread = threading.Thread(target=self.stream.run)

    def _take(self, number: int) -> bytes:
        self.flowing.wait()
        return picture(number)


@pytest.fixture
def source() -> Iterator[tuple[Source, str]]:
    source = Source()
    with MjpegServer("front", source.stream) as server:
        source.thread.start()
        yield source, server.url
        source.flowing.set()
    source.thread.join()


def camera_at(url: str, **settings: object) -> RemoteCamera:
    config = CameraConfig.model_validate(
        {"device": url, "width": 320, "height": 240, "fps": FPS} | settings
    )
    camera = RemoteCamera(config, SPEC, DatasetSpec("koch", FPS, "normalized", (), (SPEC,)))
    try:
        camera.wait_until_ready()
    except LerecordError:
        camera.close()
        raise
    return camera


def record(camera: RemoteCamera, folder: Path, rows: int) -> list[float]:
    camera.begin("take", folder)
    times = []
    for row in range(rows):
        times.append(time.monotonic())
        camera.mark(row, times[-1], times[-1])
        time.sleep(1 / FPS)
    return times


def finish(camera: RemoteCamera) -> None:
    camera.finish("take")
    deadline = time.monotonic() + 240
    while "take" not in camera.poll():
        assert camera.running, camera.trouble(60.0)
        assert time.monotonic() < deadline
        time.sleep(0.01)


def assert_aligned(track: TrackSummary, times: list[float]) -> None:
    """Every image was captured before its frame, and no later one before the frame existed."""
    assert track.rows == len(times)
    assert (track.captured_at <= np.array(times)).all()
    assert (np.diff(track.sequence.astype(int)) >= 0).all()
    for i, (before, after) in enumerate(pairwise(track.captured_at)):
        if after > before:  # the next image was not there yet when frame i was taken
            assert after > times[i]


def test_every_row_gets_the_newest_picture_of_its_time(
    source: tuple[Source, str], tmp_path: Path
) -> None:
    camera = camera_at(source[1])
    times = record(camera, tmp_path, 45)
    finish(camera)
    camera.close()
    assert_aligned(load_track(tmp_path, SPEC), times)


def next_image(reader: MailboxReader, after: float) -> Image:
    """The newest image, once there is one that was captured after that."""
    deadline = time.monotonic() + 240
    while (image := reader.newest()) is None or image.captured_at <= after:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return image


def number_of(image: Image) -> int:
    assert isinstance(image.data, bytes)
    stamp = frame_stamp.read(decode(image.data))
    assert stamp is not None
    return stamp.counter


def test_whoever_looks_gets_the_newest_picture_also_from_a_successor(
    source: tuple[Source, str],
) -> None:
    camera = camera_at(source[1])
    with closing(MailboxReader(camera.mailbox.fileno())) as reader:
        assert reader.newest() is None  # nobody had looked
        first = next_image(reader, after=0.0)
        next_image(reader, after=first.captured_at)
        source[0].flowing.clear()
        time.sleep(0.3)
        camera.poll()
        last = reader.newest()
        assert last is not None
        assert time.monotonic() - camera.view().age_s == pytest.approx(last.captured_at, abs=0.01)
        assert number_of(last) - number_of(first) == last.sequence - first.sequence > 0
        source[0].flowing.set()
        os.kill(camera.pid, signal.SIGKILL)
        while camera.trouble(1.0) is None:
            time.sleep(0.01)
        camera.restart_if_dead()
        camera.wait_until_ready()
        assert number_of(next_image(reader, after=last.captured_at)) > number_of(last)
    camera.close()


def test_readers_that_are_killed_hurt_no_take(source: tuple[Source, str], tmp_path: Path) -> None:
    camera = camera_at(source[1])
    whole = r"image.data[:2] == b'\xff\xd8'"
    with readers_killed(camera.mailbox.fileno(), KILLS, whole) as readers:
        camera.begin("take", tmp_path)
        times: list[float] = []
        while readers.poll() is None:
            times.append(time.monotonic())
            camera.mark(len(times) - 1, times[-1], times[-1])
            time.sleep(1 / FPS)
    finish(camera)
    camera.close()
    assert_aligned(load_track(tmp_path, SPEC), times)


class Pixels:
    """A driver that gives three images of raw pixels, and then none any more."""

    def __init__(self) -> None:
        pixels = np.full((16, 16, 3), (10, 90, 200), dtype=np.uint8)
        self._images = [Image(pixels, float(each), each) for each in (2, 1, 0)]
        self.silent = threading.Event()

    def open(self) -> None: ...

    def read(self) -> Image:
        if not self._images:
            self.silent.set()
            threading.Event().wait()
        return self._images.pop()

    def close(self) -> None: ...


def test_pixels_become_a_jpeg_for_whoever_looks() -> None:
    mailbox = ImageMailbox(10_000)
    writer = MailboxWriter(mailbox.fileno())
    with closing(mailbox), closing(writer), closing(MailboxReader(mailbox.fileno())) as reader:
        for wanted in (False, True):
            camera = Pixels()
            Capture(camera, FPS, ImageRing(), writer).start()
            assert camera.silent.wait(10)
            image = reader.newest()
            assert (image is not None) == wanted
    assert image is not None
    assert (image.captured_at, image.sequence) == (2.0, 2)
    assert isinstance(image.data, bytes)
    assert np.abs(decode(image.data).astype(int) - (10, 90, 200)).max() <= 3


def test_the_cameras_of_a_rig_take_turns() -> None:
    bursts = []
    for place in range(3):
        asked = Assignment("", SETTINGS, SPEC, VideoSettings(), FPS, 0, turn=place / 3)
        marks = [Mark(frame, 0.0, 0.0) for frame in range(20)]
        bursts.append([row for row, mark in enumerate(marks) if asked.ends_a_burst(mark)])
        assert asked.ends_a_burst(Finish("take"))
    assert bursts == [[3, 7, 11, 15, 19], [2, 6, 10, 14, 18], [0, 4, 8, 12, 16]]


def test_what_a_picture_costs_is_known_before_the_first_take(source: tuple[Source, str]) -> None:
    camera = camera_at(source[1])
    camera.close()
    assert 0.0001 < camera.encode_s < 1.0


def test_torn_images_at_the_start_are_passed_over(tmp_path: Path) -> None:
    whole = picture(0)
    stream = Stream(FPS, lambda number: whole[: -500 if number < 3 else None])
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        thread.start()
        camera = camera_at(server.url)
        record(camera, tmp_path, 5)
        finish(camera)
        camera.close()
    thread.join()
    assert not load_track(tmp_path, SPEC).corrupt.any()


def test_a_camera_that_gives_nothing_whole_is_refused() -> None:
    stream = Stream(FPS, lambda number: picture(number)[:-500])
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        thread.start()
        with pytest.raises(LerecordError, match=r"None of the first 10 images .* can be decoded"):
            camera_at(server.url)
    thread.join()


@needs_permission
def test_capture_goes_before_everything_and_encoding_after(source: tuple[Source, str]) -> None:
    camera = camera_at(source[1])
    at_front: list[int] = []
    yielding: list[int] = []
    own = os.getpriority(os.PRIO_PROCESS, 0)  # whoever runs the tests may have lowered it
    while not (at_front and yielding):  # the threads ask for it when they begin
        threads = [int(thread.name) for thread in Path(f"/proc/{camera.pid}/task").iterdir()]
        at_front = [
            os.sched_getparam(each).sched_priority
            for each in threads
            if os.sched_getscheduler(each) & 7 == SCHED_FIFO
        ]
        nice = [os.getpriority(os.PRIO_PROCESS, each) for each in threads]
        yielding = [each for each in nice if each > own]
    camera.close()
    assert at_front == [Realtime.CAPTURE]
    assert yielding == [10]


def test_a_stalled_camera_repeats_its_picture_and_is_told(
    source: tuple[Source, str], tmp_path: Path
) -> None:
    camera = camera_at(source[1])
    source[0].flowing.clear()
    time.sleep(0.3)
    times = record(camera, tmp_path, 20)
    assert camera.view().age_s > 0.5
    trouble = camera.trouble(max_silence_s=0.2)
    assert trouble is not None
    assert "Camera front has not delivered an image for" in trouble
    source[0].flowing.set()
    finish(camera)
    camera.close()
    track = load_track(tmp_path, SPEC)
    assert_aligned(track, times)
    assert track.repeated[1:].all()


def test_a_killed_parent_ends_the_process_and_leaves_what_was_encoded(
    source: tuple[Source, str], tmp_path: Path
) -> None:
    camera = camera_at(source[1])
    time.sleep(1)
    camera.begin("take", tmp_path)
    now = time.monotonic()
    for row in range(40):  # more at once than is encoded when the pipe ends
        camera.mark(row, now - (40 - row) / 50, now - (40 - row) / 50)
    camera.end_input()  # what the kernel does to a killed parent's pipe
    deadline = time.monotonic() + 240
    while camera.running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    camera.close()
    assert load_track(tmp_path, SPEC).rows == 40


def test_a_dead_process_is_told_and_gets_a_successor(
    source: tuple[Source, str], tmp_path: Path
) -> None:
    camera = camera_at(source[1])
    os.kill(camera.pid, signal.SIGKILL)
    deadline = time.monotonic() + 240
    while camera.trouble(1.0) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    camera.restart_if_dead()
    trouble = camera.trouble(1.0)
    assert trouble is not None  # no take may begin with a camera that is not open yet
    assert trouble.startswith("Camera front is being opened again.")
    camera.wait_until_ready()
    assert camera.trouble(1.0) is None
    times = record(camera, tmp_path, 10)
    finish(camera)
    camera.close()
    assert_aligned(load_track(tmp_path, SPEC), times)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"width": 640}, r"Camera front gives 320x240 images, not the 640x240"),
        ({"device": "http://127.0.0.1:9/front"}, r"Camera front does not open at http"),
        ({"driver": "opencw"}, r"no driver 'opencw' for cameras; known are file, opencv"),
    ],
)
def test_a_camera_that_is_not_as_the_config_says_is_refused(
    source: tuple[Source, str], settings: dict[str, object], sentence: str
) -> None:
    with pytest.raises(LerecordError, match=sentence):
        camera_at(source[1], **settings)


def test_a_thread_that_dies_ends_the_process_with_a_sentence(
    source: tuple[Source, str], tmp_path: Path
) -> None:
    camera = camera_at(source[1])
    (tmp_path / "file").write_bytes(b"")
    camera.begin("take", tmp_path / "file" / "no folder")  # no thread expects that
    deadline = time.monotonic() + 240
    while camera.running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    camera.poll()
    assert re.fullmatch(
        r"The process of camera front ended \(NotADirectoryError: .*\); check .*\.",
        str(camera.trouble(1.0)),
    )
    camera.close()


def test_a_camera_of_another_size_is_refused_before_the_first_take() -> None:
    stream = Stream(FPS, picture)
    thread = threading.Thread(target=stream.run)
    with MjpegServer("front", stream) as server:
        thread.start()
        with pytest.raises(LerecordError, match=r"gives 320x240 .*, not the 640x480 of the config"):
            camera_at(server.url, width=640, height=480)
    thread.join()
