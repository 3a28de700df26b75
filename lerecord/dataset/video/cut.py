"""A part of a video: its packets are copied, and only what cannot be decoded alone is encoded.

The copied part begins at a keyframe. With a keyframe every two, that is at most one image
in front of it that must be encoded once more.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from lerecord.commands import for_dataset
from lerecord.dataset.format import CameraSpec, Histogram, VideoSettings
from lerecord.dataset.video.depth import is_deep
from lerecord.dataset.video.encoder import FragmentedVideo
from lerecord.dataset.video.image import histogram_of
from lerecord.dataset.video.mp4 import pictures_of
from lerecord.dataset.video.opening import header_of, opened_video, packets_of
from lerecord.dataset.video.plain import remux, write_plain
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_PROVED = 4  # images behind the seam that are decoded and compared
_IDR_SLICE = 5  # H.264's nal_unit_type


@dataclass(frozen=True, slots=True)
class Cut:
    """Which images of which video remain.

    Attributes:
        source: an mp4.
        rows: the images that remain.
        camera: its size.
        fps: images a second.
        settings: for what must be encoded.
    """

    source: Path
    rows: range
    camera: CameraSpec
    fps: int
    settings: VideoSettings


def cut_video(cut: Cut, target: Path) -> int:
    """Write a part of a video.

    Returns:
        How many of its images had to be encoded again: none, one, or all when the codec's
        own header would be another.

    Raises:
        DatasetError: the source cannot be read.
    """
    seam = _seam(cut)
    if seam == cut.rows.start:
        _join(cut, _NOTHING, seam, target)
        return 0
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        if seam is not None:
            front = _front(cut, seam, Path(folder))
            if header_of(front.path) == header_of(cut.source):
                _join(cut, front, seam, target)
                if _is_right(cut, seam, target):
                    return seam - cut.rows.start
    encode_again(cut, target)
    return len(cut.rows)


def _nobody() -> None:
    """Who is told of each image unless somebody is."""


def encode_again(cut: Cut, target: Path, told: Callable[[], object] = _nobody) -> None:
    """Write a part of a video, every image of it encoded again.

    Args:
        cut: what remains.
        target: is overwritten.
        told: called after each image.

    Raises:
        DatasetError: the source cannot be read, an image does not decode or there are fewer.
        ConfigError: the encoder does not open.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        whole = Path(folder) / "whole"
        try:
            _encode(cut, cut.rows, whole, told=told)
        except av.FFmpegError as error:
            raise DatasetError(
                f"{cut.source} does not decode ({error}); {to_read(error)}."
            ) from error
        pictures = remux(whole, target, cut.fps)
    if pictures != len(cut.rows):
        raise DatasetError(
            f"{cut.source} has {pictures} images instead of {len(cut.rows)}; `lerecord "
            f"check` says more."
        )


def count_pictures(source: Path, rows: range) -> Histogram:
    """The histogram of some images of a video, decoded.

    Raises:
        DatasetError: it does not decode or has fewer.
    """
    total = np.zeros((3, 256), dtype=np.int64)
    seen = 0
    for picture in islice(pictures_of(source), rows.start, rows.stop):
        total += histogram_of(picture)
        seen += 1
    if seen != len(rows):
        raise DatasetError(
            f"{source} has fewer images than frames; {for_dataset('check', source)} lists all."
        )
    return total


def _seam(cut: Cut) -> int | None:
    """The first keyframe of the part; None when nothing of it can be copied."""
    seam, last = None, None
    with opened_video(cut.source) as (container, stream):
        for number, packet in enumerate(packets_of(container, stream)):
            if packet.pts is None or (last is not None and packet.pts <= last):
                return None  # B-frames: the images are not in the order of display
            last = packet.pts
            if packet.is_keyframe and number in cut.rows and seam is None:
                seam = number
    return seam


@dataclass(frozen=True, slots=True)
class _Front:
    """Images that are encoded again: those of a video behind its first `skipped`."""

    path: Path
    skipped: int


_NOTHING = _Front(Path(), 0)


def _front(cut: Cut, seam: int, folder: Path) -> _Front:
    """Encode what stands in front of the seam.

    Two H.264 keyframes that follow each other must not have the same idr_pic_id; the encoder
    counts it 0, 1, 0, so a second try comes behind one more group of images.
    """
    rows = range(cut.rows.start, seam)
    first, second = folder / "first", folder / "second"
    _encode(cut, rows, first)
    if _mark(first, 0) != _mark(cut.source, seam):
        return _Front(first, 0)
    _encode(cut, rows, second, repeats=cut.settings.gop)
    return _Front(second, cut.settings.gop)


def _encode(
    cut: Cut,
    rows: range,
    target: Path,
    repeats: int = 0,
    told: Callable[[], object] = _nobody,
) -> None:
    """Encode some images of the source, the first of them so many times more."""
    with opened_video(cut.source) as (container, stream):
        stream.codec_context.thread_count = 1
        with FragmentedVideo(target, cut.camera, cut.fps, cut.settings, durable=False) as video:
            for frame in islice(container.decode(stream), rows.start, rows.stop):
                if is_deep(frame.format.name):
                    raise DatasetError(
                        f"{cut.source} holds depth ({frame.format.name}), which lerecord does not "
                        f"encode; change the dataset with the recorder that made it."
                    )
                plain = VideoFrame.from_ndarray(
                    frame.to_ndarray(format="yuv420p"), format="yuv420p"
                )
                for _ in range(1 + repeats):
                    video.encode(plain)
                repeats = 0
                told()


def _mark(path: Path, number: int) -> bytes:
    """The beginning of a keyframe's slice, up to its idr_pic_id, as x264 writes it."""
    with opened_video(path) as (container, stream):
        data = bytes(next(islice(packets_of(container, stream), number, None)))
        if stream.codec_context.name != "h264":
            return b""
    while data and data[4] & 31 != _IDR_SLICE:
        data = data[4 + int.from_bytes(data[:4], "big") :]
    return data[4:7]


def _join(cut: Cut, front: _Front, seam: int, target: Path) -> None:
    with ExitStack() as stack:
        container, stream = stack.enter_context(opened_video(cut.source))
        packets: Iterator[Packet[Any]] = islice(packets_of(container, stream), seam, cut.rows.stop)
        if front is not _NOTHING:
            before = stack.enter_context(opened_video(front.path))
            packets = chain(islice(packets_of(*before), front.skipped, None), packets)
        write_plain(target, cut.fps, stream, packets)


def _is_right(cut: Cut, seam: int, target: Path) -> bool:
    """True when the images behind the seam decode to what they are in the source."""
    rows = range(seam, min(seam + _PROVED, cut.rows.stop))
    offset = cut.rows.start
    try:
        return all(
            np.array_equal(due, found)
            for due, found in zip(
                islice(pictures_of(cut.source), rows.start, rows.stop),
                islice(pictures_of(target), rows.start - offset, rows.stop - offset),
                strict=True,
            )
        )
    except (DatasetError, ValueError):  # an image does not decode, or there are fewer
        return False
