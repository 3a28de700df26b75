"""A small rig that needs no hardware: joints that move, cameras whose images carry strips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lerecord import frame_stamp
from lerecord.dataset.format import CameraSpec, DatasetSpec, HardwareRecord
from lerecord.dataset.staging import Take, TrackWriter
from lerecord.dataset.write import DatasetWriter, StagedTake
from lerecord.dataset.write.writer import EpisodeSummary
from lerecord.frame import Frame, Image

FPS = 30
JOINTS = ("shoulder_pan.pos", "elbow_flex.pos", "gripper.pos")
CAMERAS = (CameraSpec("front", 160, 120), CameraSpec("wrist", 200, 160))
HARDWARE: Mapping[str, Any] = {
    "config": {"robot_type": "koch", "arms": {"main": {"port": "/dev/ttyUSB0"}}},
    "identity": {"arms": {"main": {"follower": {"model": [1060, 1200], "id": [1, 2]}}}},
    "calibration": {"main": {"follower": {"gripper": {"range_min": 10, "range_max": 900}}}},
    "simulated": True,
}


def picture(sequence: int, milliseconds: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """(H, W, 3) BGR: a scene that moves, with its strip."""
    width, height = size
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    scene = np.stack(
        [(x + 3 * sequence) % 256, (2 * y + sequence) % 256, (x + y + 60) // 2], axis=-1
    ).astype(np.uint8)
    frame_stamp.draw(
        scene, frame_stamp.Stamp(sequence % 2**24, milliseconds % 2**32, sequence % 4096)
    )
    return scene


def as_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])[1])


@dataclass
class Scene:
    """What a take is made of; every camera gives one image a period, at 30 a second."""

    rows: int = 12
    start_s: float = 1000.0
    missed_before: Mapping[int, int] = field(default_factory=dict)
    """Frame number of a frame to slots missed before it."""
    unmeasured: frozenset[int] = frozenset()
    show: Callable[[str, int], int] = lambda camera, row: row
    """Which image a camera has at a frame."""
    age_s: float = 0.004
    drawn_before_s: float = 0.0
    """How long before its capture an image was drawn."""
    twice: bool = False
    """Every other image is the one before to the last bit, and a new one for all that."""
    seed: int = 0


class InProcess:
    """An image track that encodes where it is marked."""

    def __init__(self, track: TrackWriter, choose: Callable[[float], Image]) -> None:
        self.track = track
        self._choose = choose

    def mark(self, row: int, due: float, row_time: float) -> None:
        assert row == self.track.rows
        self.track.add(self._choose(row_time))


class Lab:
    """Records takes as the processes of a recorder would, one after the other."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.spec = DatasetSpec(
            "koch", FPS, "normalized", JOINTS, CAMERAS, hardware=HardwareRecord(HARDWARE)
        )
        self.raw: list[dict[str, list[NDArray[np.uint8]]]] = []
        """A take's images as encoded, by camera, before coding; BGR."""
        self.frames: list[list[Frame]] = []
        self.rotation = 0

    def spec_with(self, **changes: Any) -> DatasetSpec:
        return replace(self.spec, **changes)

    def open(self, **options: Any) -> DatasetWriter:
        return DatasetWriter.open_or_create(self.root, self.spec, **options)

    def record(
        self, writer: DatasetWriter, task: str = "Grab the box", **scene: Any
    ) -> EpisodeSummary:
        return writer.commit(self.stage(writer, task, **scene))

    def stage(self, writer: DatasetWriter, task: str = "Grab the box", **given: Any) -> StagedTake:
        """Record a take, a Scene of these values, and finish its tracks; nothing is committed."""
        scene = Scene(**given)
        spec = writer.spec
        staged = writer.begin_take(task)
        raw: dict[str, list[NDArray[np.uint8]]] = {camera.name: [] for camera in spec.cameras}
        times: dict[float, int] = {}
        tracks = {
            camera.name: InProcess(
                TrackWriter(staged.folder, camera, spec.fps, spec.video, self.rotation),
                self._chooser(camera, scene, times, raw[camera.name]),
            )
            for camera in spec.cameras
        }
        take = Take(staged, tracks, spec.fps)
        rng = np.random.default_rng(scene.seed)
        slot, frames = 0, []
        for number in range(scene.rows):
            missed = scene.missed_before.get(number, 0)
            slot += missed
            frame = self._frame(slot, scene, rng, measured=number not in scene.unmeasured)
            times[frame.started] = number
            take.add(frame, missed=missed)
            frames.append(frame)
            slot += 1
        for track in tracks.values():
            track.track.finish()
        self.raw.append(raw)
        self.frames.append(frames)
        return staged

    def _frame(self, slot: int, scene: Scene, rng: np.random.Generator, measured: bool) -> Frame:
        due = scene.start_s + slot / FPS
        state, action, requested = rng.normal(0, 40, (3, len(JOINTS))).astype(np.float32)
        late = 0.0001 + 0.001 * float(rng.random())
        return Frame(
            slot, due, due + late, state, action, requested, measured, bus_s=0.002, retries=slot % 2
        )

    def _chooser(
        self,
        camera: CameraSpec,
        scene: Scene,
        times: Mapping[float, int],
        raw: list[NDArray[np.uint8]],
    ) -> Callable[[float], Image]:
        made: dict[int, tuple[Image, NDArray[np.uint8]]] = {}
        size = (camera.width, camera.height)
        if self.rotation % 180:
            size = size[::-1]

        def choose(row_time: float) -> Image:
            shown = scene.show(camera.name, times[row_time])
            if shown not in made:
                captured_at = row_time - scene.age_s
                milliseconds = int((captured_at - scene.drawn_before_s) * 1000)
                pixels = picture(shown, milliseconds, size)
                if scene.twice and shown % 2:
                    pixels = made[shown - 1][1]
                made[shown] = Image(pixels, captured_at, shown), pixels
            image, pixels = made[shown]
            raw.append(pixels)
            return image

        return choose


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path / "set")
