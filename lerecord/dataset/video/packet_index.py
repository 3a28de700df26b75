"""Where each image of an mp4 lies in the file, so that any of them is read without a search."""

import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lerecord.dataset.video.opening import opened_video, packets_of
from lerecord.errors import DatasetError


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which content a file has, as far as the file system tells: it moves along with the file.

    The inode is no part of it: network file systems give a file another one now and then.
    """

    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, facts: os.stat_result) -> Self:
        """From what stat says."""
        return cls(facts.st_size, facts.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Coding:
    """What a decoder must know before the first packet.

    Attributes:
        decoder: FFmpeg's name of it.
        extradata: the stream's own header.
        color_range: as FFmpeg numbers it; 0 is unknown.
        colorspace: likewise; 2 is unknown.
    """

    decoder: str
    extradata: bytes
    color_range: int
    colorspace: int


@dataclass(frozen=True, slots=True, eq=False)
class VideoIndex:
    """The packets of a video in the order of decoding; N packets, one an image.

    Attributes:
        coding: what the decoder must know.
        offset: (N,) bytes from the start of the file.
        size: (N,) bytes.
        pts: (N,) in time_base.
        key: (K,) which packets begin a group, rising.
        shown: (N,) which packet is the first to be shown, the second, ...
        seconds: (N,) when each is shown, in order of showing.
    """

    coding: Coding
    offset: NDArray[np.int64]
    size: NDArray[np.int64]
    pts: NDArray[np.int64]
    key: NDArray[np.int64]
    shown: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pts)

    def packet_at(self, seconds: float, tolerance_s: float) -> int | None:
        """The packet of the image that is shown then; None when there is none near enough."""
        place = int(np.searchsorted(self.seconds, seconds))
        near = [each for each in (place - 1, place) if 0 <= each < len(self)]
        best = min(near, key=lambda each: abs(self.seconds[each] - seconds), default=None)
        if best is None or abs(self.seconds[best] - seconds) > tolerance_s:
            return None
        return int(self.shown[best])

    def start_of(self, packet: int) -> int:
        """The packet to start decoding at in order to get the image of a packet."""
        group = int(np.searchsorted(self.key, packet, side="right")) - 1
        # An image that is shown before its keyframe needs the group before it, too.
        while group > 0 and self.pts[self.key[group]] > self.pts[packet]:
            group -= 1
        return int(self.key[group]) if group >= 0 else 0


def index_of(path: Path) -> VideoIndex:
    """Read where the images of an mp4 are; none is decoded.

    Raises:
        DatasetError: it is missing, no video, or a packet has no place or time.
    """
    with opened_video(path) as (container, stream):
        return _index(container, stream, path)


def _index(container: InputContainer, stream: VideoStream, path: Path) -> VideoIndex:
    context = stream.codec_context
    packets = _packets(container, stream)
    if stream.time_base is None or any(each is None for row in packets for each in row):
        raise DatasetError(f"{path} does not say where or when its images are; record it again.")
    table = np.array(packets, dtype=np.int64).reshape(-1, 4)
    offset, size, pts, is_key = table.T
    shown = np.argsort(pts, kind="stable")
    return VideoIndex(
        coding=Coding(
            context.codec.name,
            bytes(context.extradata or b""),
            int(context.color_range),
            int(context.colorspace),
        ),
        offset=offset,
        size=size,
        pts=pts,
        key=np.flatnonzero(is_key),
        shown=shown,
        seconds=pts[shown].astype(np.float64) * float(Fraction(stream.time_base)),
    )


def _packets(container: InputContainer, stream: VideoStream) -> list[tuple[Any, ...]]:
    """Offset, size, pts and whether it is a keyframe's, of every packet."""
    entries = getattr(stream, "index_entries", None)
    if entries and not stream.codec_context.has_b_frames:
        # Of the mp4's own index: only its head is read. Without B-frames dts is pts.
        return [(each.pos, each.size, each.timestamp, each.is_keyframe) for each in entries]
    return [
        (each.pos, each.size, each.pts, each.is_keyframe) for each in packets_of(container, stream)
    ]
