"""What an mp4 says of itself, and its images, decoded one after the other."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lerecord.commands import for_dataset
from lerecord.dataset.storage import Segment
from lerecord.dataset.video.colours import Colours
from lerecord.dataset.video.depth import is_deep
from lerecord.dataset.video.image import small_luma
from lerecord.dataset.video.opening import codec_name, opened_video, packets_of
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

TOLERANCE_S = Fraction(1, 10_000)
"""LeRobot's, between the time of a frame and that of its image."""


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

    def of(self, segment: Segment, fps: int) -> Self:
        """Of the images of an episode alone; its times count from where it begins."""
        if segment.to_s is None:
            return self
        early, begin = Fraction(1, 2 * fps), Fraction(segment.from_s)
        first = bisect_left(self.times, begin - early)
        end = bisect_left(self.times, Fraction(segment.to_s) - early)
        return replace(self, times=tuple(each - begin for each in self.times[first:end]))


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
            codec=codec_name(stream),
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
    colours = Colours("bgr24")
    for frame in frames_of(path):
        if is_deep(frame.format.name):
            raise DatasetError(
                f"{path} holds depth ({frame.format.name}), which is no colour; only "
                f"lerecord.Dataset, `lerecord merge` and `lerecord import` keep it."
            )
        yield colours.of(frame)


def frames_of(path: Path, from_s: float = 0.0) -> Iterator[VideoFrame]:
    """Decode a video, image by image, each in the pixel format of the video.

    Args:
        path: of the mp4.
        from_s: begin at the last keyframe that is not shown later.

    Raises:
        DatasetError: it is missing, no video, or an image does not decode.
    """
    with opened_video(path) as (container, stream):
        stream.codec_context.thread_count = 1
        try:
            if from_s:
                base = Fraction(stream.time_base or 1)
                container.seek(round(Fraction(from_s) / base), stream=stream)
            yield from container.decode(stream)
        except (av.FFmpegError, OverflowError) as error:
            raise DatasetError(f"{path} does not decode ({error}); {to_read(error)}.") from error


def frames_within(segment: Segment, fps: int) -> Iterator[VideoFrame]:
    """Decode the images of an episode; raises as `frames_of`."""
    early_s = 0.5 / fps
    for frame in frames_of(segment.path, segment.from_s):
        seconds = 0.0 if frame.time is None else frame.time
        if segment.to_s is not None and seconds >= segment.to_s - early_s:
            return
        if seconds >= segment.from_s - early_s:
            yield frame


def _times(container: InputContainer, stream: VideoStream, size: int) -> list[Fraction]:
    """When each image is shown, of those that the file holds wholly."""
    entries = getattr(stream, "index_entries", None)
    if entries and len(entries) == stream.frames and not stream.codec_context.has_b_frames:
        # Of the mp4's own index, so only its head is read. Without B-frames dts is pts.
        base = Fraction(stream.time_base or 0)
        return [each.timestamp * base for each in entries if each.pos + each.size <= size]
    return [
        packet.pts * packet.time_base
        for packet in packets_of(container, stream)
        if packet.pts is not None
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


def first_small_luma(path: Path) -> NDArray[np.uint8]:
    """The brightness of the first image, as `small_luma` gives it.

    Raises:
        DatasetError: the video is missing, is none, or does not decode.
    """
    for frame in frames_of(path):
        if is_deep(frame.format.name):
            break
        return small_luma(frame)
    check = for_dataset("check", path)
    raise DatasetError(f"{path} does not begin with an image in color; {check} says more.")
