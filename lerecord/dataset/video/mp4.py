"""Videos as they are kept: plain mp4, made from the staged one without encoding again."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from io import SEEK_END, SEEK_SET, FileIO
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lerecord.commands import for_dataset
from lerecord.dataset.format import require_regular
from lerecord.dataset.video.depth import is_deep
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

TOLERANCE_S = Fraction(1, 10_000)
"""LeRobot's, between the time of a frame and that of its image."""

_NO_PROBING = 32  # the least that FFmpeg takes
_TICKS_A_PICTURE = 512  # the timescale is this times fps, so that every i / fps is exact


def remux(
    source: Path,
    target: Path,
    fps: int,
    pictures: int | None = None,
    size_bytes: int | None = None,
) -> int:
    """Copy the packets of a staged video into a plain mp4, its moov in front, exact times from 0.

    Args:
        source: any mp4 without B-frames.
        target: any name; it is overwritten.
        fps: images a second.
        pictures: how many to copy; None copies all.
        size_bytes: how much of the source is looked at; None is all.

    Returns:
        How many were copied.

    Raises:
        DatasetError: the source cannot be read.
    """
    with opened_video(source, _NO_PROBING, size_bytes) as (container, stream):
        packets = (packet for packet in container.demux(stream) if packet.size)
        return write_plain(target, fps, stream, islice(packets, pictures))


def write_plain(
    target: Path,
    fps: int,
    stream: VideoStream,
    packets: "Iterable[Packet[Any]]",
    shown: Sequence[int] | None = None,
) -> int:
    """Write packets as a plain mp4: its moov in front, image i at i / fps exactly.

    Args:
        target: any name; it is overwritten.
        fps: images a second.
        stream: of whose form the packets are.
        packets: in the order of decoding, none of them empty.
        shown: the number of each packet's image; None when they are shown as they are decoded.

    Returns:
        How many were written.
    """
    timescale = str(fps * _TICKS_A_PICTURE)
    options = {
        "movflags": "faststart",
        "video_track_timescale": timescale,
        "movie_timescale": timescale,
    }
    # How long before it is shown an image must be decoded, for the sake of those behind it.
    delay = max((place - number for place, number in enumerate(shown or ())), default=0)
    written = 0
    with av.open(str(target), "w", format="mp4", container_options=options) as output:
        copy = output.add_stream_from_template(stream, opaque=True)
        copy.time_base = Fraction(1, fps)
        for packet in packets:
            packet.time_base = Fraction(1, fps)
            packet.pts = written if shown is None else shown[written]
            packet.dts = written - delay
            packet.duration = 1
            packet.stream = copy
            output.mux(packet)
            written += 1
    return written


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What an mp4 says of itself, without decoding.

    Attributes:
        width: pixels.
        height: pixels.
        codec: as info.json says it, `h264` or `av1`.
        pixel_format: such as yuv420p.
        audio: True when it has a sound track.
        times: seconds of each image, in order of display; exact.
        rate: images a second that a player is told; None when it says nothing.
    """

    width: int
    height: int
    codec: str
    pixel_format: str
    audio: bool
    times: tuple[Fraction, ...]
    rate: Fraction | None


_CODEC_NAMES = {"libdav1d": "av1", "libaom-av1": "av1"}


def codec_of(path: Path) -> str:
    """The codec of a video, as info.json says it; nothing but its header is read.

    Raises:
        DatasetError: it is missing or no video.
    """
    with opened_video(path) as (_, stream):
        return _codec(stream)


def _codec(stream: VideoStream) -> str:
    name = stream.codec_context.name
    return _CODEC_NAMES.get(name, name)


def facts_of(path: Path) -> VideoFacts:
    """Read what a video says of itself.

    Raises:
        DatasetError: it is missing or no video.
    """
    with opened_video(path) as (container, stream):
        codec = stream.codec_context
        return VideoFacts(
            width=codec.width,
            height=codec.height,
            codec=_codec(stream),
            pixel_format=codec.pix_fmt or "",
            audio=len(container.streams.audio) > 0,
            times=tuple(sorted(_times(container, stream, path.stat().st_size))),
            rate=stream.average_rate,
        )


def pictures_of(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Decode a video, image by image: (H, W, 3) uint8 BGR.

    Raises:
        DatasetError: it is missing, no video, holds depth, or an image does not decode.
    """
    for frame in frames_of(path):
        if is_deep(frame.format.name):
            raise DatasetError(
                f"{path} holds depth ({frame.format.name}), which is no colour; only "
                f"lerecord.Dataset, `lerecord merge` and `lerecord import` keep it."
            )
        yield frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)


def frames_of(path: Path) -> Iterator[VideoFrame]:
    """Decode a video, image by image, each in the pixel format of the video.

    Raises:
        DatasetError: it is missing, no video, or an image does not decode.
    """
    with opened_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        try:
            yield from container.decode(stream)
        except av.FFmpegError as error:
            raise DatasetError(f"{path} does not decode ({error}); {to_read(error)}.") from error


def _times(container: InputContainer, stream: VideoStream, size: int) -> list[Fraction]:
    """When each image is shown, of those that the file holds wholly."""
    entries = getattr(stream, "index_entries", None)
    if entries and len(entries) == stream.frames and not stream.codec_context.has_b_frames:
        # Of the mp4's own index, so only its head is read. Without B-frames dts is pts.
        base = Fraction(stream.time_base or 0)
        return [each.timestamp * base for each in entries if each.pos + each.size <= size]
    return [
        packet.pts * packet.time_base
        for packet in container.demux(stream)
        if packet.size and packet.pts is not None
    ]


def require_image_per_frame(path: Path, frames: int, fps: int) -> None:
    """Refuse a video that does not show image i at i / fps: frames would get other images.

    Raises:
        DatasetError: it does not, has another number of images, or cannot be read.
    """
    times = facts_of(path).times
    if len(times) != frames:
        raise DatasetError(
            f"{path} has {len(times)} images for {frames} frames; "
            f"{for_dataset('check', path)} lists everything."
        )
    for number, time in enumerate(times):
        if abs(time - Fraction(number, fps)) > TOLERANCE_S:
            raise DatasetError(
                f"{path} shows image {number} at {float(time):.4f} s instead of "
                f"{number / fps:.4f} s, so it is not known which image belongs to which frame; "
                f"restore it from a copy."
            )


@contextmanager
def opened_video(
    path: Path, probe_bytes: int | None = None, size_bytes: int | None = None
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """A video to be read, and its stream of images.

    Args:
        path: of the mp4.
        probe_bytes: how much is looked through for what its header does not say, such as the
            rate; None as FFmpeg has it, which takes 7 ms of a fragmented video.
        size_bytes: as if the file ended there; None for where it does.

    Raises:
        DatasetError: it is missing or no video.
    """
    require_regular(path)
    options = {} if probe_bytes is None else {"probesize": str(probe_bytes)}
    with ExitStack() as stack:
        try:
            source = (
                str(path) if size_bytes is None else stack.enter_context(_Head(path, size_bytes))
            )
            container = stack.enter_context(av.open(source, "r", format="mp4", options=options))
        except (av.FFmpegError, OSError) as error:
            raise DatasetError(
                f"{path} cannot be read as a video ({error}); {to_read(error)}."
            ) from error
        if not container.streams.video:
            raise DatasetError(f"{path} has no image in it; restore it from a copy.")
        yield container, container.streams.video[0]


class _Head(FileIO):
    """A file as if it ended after its first bytes."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        super().__init__(path)
        self._size_bytes = size_bytes

    def read(self, size: int | None = -1) -> bytes:
        """As of any file."""
        left = max(0, self._size_bytes - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """As of any file."""
        if whence == SEEK_END:
            return super().seek(self._size_bytes + offset)
        return super().seek(offset, whence)
