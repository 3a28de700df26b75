"""Which cameras are plugged in, what each really gives, and what it sees."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.bringup.camera_examination import camera_of, pixels_of, rate_of, watched
from lerecord.config import CameraConfig
from lerecord.errors import LerecordError

_BY_ID = Path("/dev/v4l/by-id")
_BY_PATH = Path("/dev/v4l/by-path")
_SIZES = ((640, 480), (1280, 720))
_FPS = 30
_TILE = (320, 240)
_LABEL_PIXELS = 24


@dataclass(frozen=True, slots=True, eq=False)
class FoundCamera:
    """A camera that was looked at.

    Attributes:
        device: its stable path, or what was asked for.
        width, height: of its images; 0 when it gave none.
        fps: images a second, as they came.
        failure: why it gave none, in a sentence; None when it did.
        pixels: (H, W, 3) BGR, its last image.
    """

    device: str
    width: int
    height: int
    fps: float
    failure: str | None = None
    pixels: NDArray[np.uint8] | None = None


def camera_devices(by_id: Path = _BY_ID, by_path: Path = _BY_PATH) -> list[str]:
    """The video devices that give images, by stable name.

    Two cameras of one kind have the same id: they go by the USB port that they are plugged into.
    """
    named: dict[str, str] = {}
    for folder in (by_path, by_id):
        if folder.is_dir():
            for link in sorted(folder.glob("*-index0")):
                named[str(link.resolve())] = str(link)
    return sorted(named.values())


def looked_at(devices: Sequence[str]) -> Iterator[FoundCamera]:
    """Look at one camera after the other, for two seconds each."""
    for device in devices:
        yield _look(device)


def contact_sheet(cameras: Mapping[str, NDArray[np.uint8]]) -> bytes:
    """A JPEG with what each camera sees, and its name below; two in a row."""
    tiles = [_tile(name, pixels) for name, pixels in cameras.items()]
    if len(tiles) % 2 and len(tiles) > 1:
        tiles.append(np.zeros_like(tiles[0]))
    rows = [np.hstack(tiles[at : at + 2]) for at in range(0, len(tiles), 2)]
    _, jpeg = cv2.imencode(".jpg", np.vstack(rows))
    return bytes(jpeg)


def _look(device: str) -> FoundCamera:
    failure = "it gave no image"
    for width, height in _SIZES:
        config = CameraConfig(device=device, width=width, height=height, fps=_FPS)
        try:
            images = watched(camera_of("camera", config))
        except LerecordError as error:
            failure = str(error)
            continue
        if images:
            return FoundCamera(device, width, height, rate_of(images), None, pixels_of(images[-1]))
    return FoundCamera(device, 0, 0, 0.0, failure)


def _tile(name: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    tile = np.zeros((_TILE[1] + _LABEL_PIXELS, _TILE[0], 3), np.uint8)
    tile[: _TILE[1]] = cv2.resize(pixels, _TILE, interpolation=cv2.INTER_AREA)
    place = (4, _TILE[1] + _LABEL_PIXELS - 8)
    cv2.putText(tile, name[-40:], place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1)
    return tile
