"""Several mp4 become one, image behind image, without encoding again."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from lerecord.commands import for_dataset
from lerecord.dataset.format import require_regular
from lerecord.dataset.video.mp4 import TOLERANCE_S
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

_TICKS_A_PICTURE = 512  # the timescale is this times fps, so that every i / fps is exact
_DEEPEST_REORDERING = 16  # images, of H.264 and HEVC


@dataclass(frozen=True, slots=True)
class Clip:
    """A video and how many images are due in it."""

    path: Path
    pictures: int


def header_of(path: Path) -> tuple[str, bytes]:
    """Codec and stream header; videos of which both are the same may be one stream.

    Raises:
        DatasetError: the file is missing or no video.
    """
    with _opened(path) as container:
        context = _stream(container, path).codec_context
        return context.name, bytes(context.extradata or b"")


def concatenate(clips: Iterable[Clip], target: Path, fps: int) -> None:
    """Write all images of some clips into one mp4, its moov in front, exact times from 0.

    Args:
        clips: their headers are the same.
        target: is overwritten.
        fps: images a second.

    Raises:
        DatasetError: a clip cannot be read or has not the images that are due.
    """
    timescale = str(fps * _TICKS_A_PICTURE)
    options = {
        "movflags": "faststart",
        "video_track_timescale": timescale,
        "movie_timescale": timescale,
    }
    before = 0
    copy: VideoStream | None = None
    with av.open(str(target), "w", format="mp4", container_options=options) as output:
        for clip in clips:
            with _opened(clip.path) as container:
                stream = _stream(container, clip.path)
                if copy is None:
                    copy = output.add_stream_from_template(stream, opaque=True)
                    copy.time_base = Fraction(1, fps)
                target_of_clip = _Target(output, copy, fps, before)
                copied = _copy(container, stream, target_of_clip, clip.path)
            if copied != clip.pictures:
                raise DatasetError(
                    f"{clip.path} has {copied} images where {clip.pictures} are due; "
                    f"{for_dataset('check', clip.path)} lists everything."
                )
            before += copied


@dataclass(frozen=True, slots=True)
class _Target:
    output: OutputContainer
    stream: VideoStream
    fps: int
    before: int


def _copy(container: InputContainer, stream: VideoStream, target: _Target, path: Path) -> int:
    copied = 0
    times: list[Fraction] = []
    base = Fraction(stream.time_base or 1) * target.fps
    delay = _DEEPEST_REORDERING if stream.codec_context.has_b_frames else 0
    for packet in container.demux(stream):
        if packet.size == 0 or packet.pts is None:
            continue  # demux ends with an empty packet
        time = packet.pts * base
        times.append(time)
        shown = target.before + round(time)
        packet.time_base = Fraction(1, target.fps)
        packet.pts = shown
        # Evenly rising, and early enough for images that are shown before others are decoded.
        packet.dts = target.before + copied - delay
        packet.duration = 1
        packet.stream = target.stream
        target.output.mux(packet)
        copied += 1
    _require_image_per_frame(times, path, target.fps)
    return copied


def _require_image_per_frame(times: list[Fraction], path: Path, fps: int) -> None:
    """Image i is shown at i / fps: another would be shown for a neighbour's frame."""
    for number, time in enumerate(sorted(times)):
        if abs(time - number) > TOLERANCE_S * fps:
            raise DatasetError(
                f"{path} shows image {number} at {float(time / fps):.4f} s instead of "
                f"{number / fps:.4f} s; {for_dataset('check', path)} lists everything."
            )


def _opened(path: Path) -> InputContainer:
    require_regular(path)
    try:
        return av.open(str(path), "r", format="mp4")
    except (av.FFmpegError, OSError) as error:
        raise DatasetError(
            f"{path} cannot be read as a video ({error}); {to_read(error)}."
        ) from error


def _stream(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise DatasetError(f"{path} has no image in it; restore it from a copy.")
    return container.streams.video[0]
