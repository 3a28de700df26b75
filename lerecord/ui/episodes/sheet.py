"""What the cameras of an episode saw, as one picture: a row a camera, from first to last."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord import refusals
from lerecord.dataset.format import Feature
from lerecord.dataset.read import TOLERANCE_S
from lerecord.dataset.video import Clock, PictureSource, Pixels, Stamp, Video
from lerecord.errors import DatasetError
from lerecord.ui.episodes.shelf import Book

COLUMNS = 6
_WIDTH, _CAPTION, _GAP = 320, 22, 6
_GROUND, _INK = 24, (235, 235, 235)
_QUALITY = 88


def contact_sheet(book: Book, episode: int) -> bytes:
    """A JPEG with images of every camera, evenly spread over the episode and numbered by frame.

    Raises:
        DatasetError: there is no such episode, it has no camera, or an image does not decode.
    """
    length = book.record(episode).length
    cameras = book.stored.info.videos
    if not cameras:
        raise DatasetError(f"{book.stored.root} has no camera, so that there is nothing to show.")
    frames = np.unique(np.linspace(0, length - 1, min(COLUMNS, length)).round().astype(int))
    rows = [
        _row(book, camera, _images(book, episode, place, frames.tolist()))
        for place, camera in enumerate(cameras)
    ]
    sheet = cv2.copyMakeBorder(
        np.vstack(rows), _GAP, 0, _GAP, 0, cv2.BORDER_CONSTANT, value=(_GROUND,) * 3
    )
    _, encoded = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return encoded.tobytes()


def _images(book: Book, episode: int, camera: int, frames: Sequence[int]) -> dict[int, Pixels]:
    segment, key = book.video(episode, camera), book.stored.info.videos[camera].key
    try:
        stamp = Stamp.of(segment.path.stat())
    except OSError as error:
        raise DatasetError(
            f"{segment.path} cannot be read ({error.strerror}); {refusals.to_read(error)}."
        ) from error
    found: dict[int, Pixels] = {}
    source = PictureSource(Clock(book.stored.info.fps, TOLERANCE_S))
    source.pictures(Video(segment.path, stamp, key, segment.from_s), frames, found.__setitem__)
    return found


def _row(book: Book, camera: Feature, images: dict[int, Pixels]) -> NDArray[np.uint8]:
    width, height = camera.size
    size = _WIDTH, max(1, round(_WIDTH * height / width))
    fps, name = book.stored.info.fps, camera.key.rpartition(".")[2]
    farthest = max(int(each.max()) for each in images.values())
    tiles = []
    for place, frame in enumerate(sorted(images)):
        image = cv2.resize(_bgr(images[frame], farthest), size, interpolation=cv2.INTER_AREA)
        tile = cv2.copyMakeBorder(
            image, 0, _CAPTION + _GAP, 0, _GAP, cv2.BORDER_CONSTANT, value=(_GROUND,) * 3
        ).astype(np.uint8, copy=False)
        words = f"frame {frame}, {frame / fps:.2f} s"
        _write(tile, words if place else f"{name}: {words}", size[1] + _CAPTION - 6)
        tiles.append(tile)
    return np.hstack(tiles)


def _bgr(image: Pixels, farthest: int) -> NDArray[np.uint8]:
    """The image as OpenCV has it; depth in grey, white where it is the farthest of the row."""
    if image.shape[2] == 3:
        return np.ascontiguousarray(image[..., ::-1], np.uint8)
    grey = (image[..., 0] * (255.0 / max(farthest, 1))).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _write(tile: NDArray[np.uint8], words: str, line: int) -> None:
    text = words.encode("ascii", "replace").decode()  # what OpenCV's letters can write
    cv2.putText(tile, text, (2, line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
