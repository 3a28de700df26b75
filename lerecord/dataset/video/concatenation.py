"""Several mp4 become one, image behind image, without encoding again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.packet import Packet

from lerecord.commands import for_dataset
from lerecord.dataset.video.mp4 import TOLERANCE_S
from lerecord.dataset.video.opening import opened_video, packets_of
from lerecord.dataset.video.plain import PlainVideo
from lerecord.errors import DatasetError

_DEEPEST_REORDERING = 16  # images, of H.264 and HEVC


@dataclass(frozen=True, slots=True)
class Clip:
    """A video and how many images are due in it."""

    path: Path
    pictures: int


def concatenate(clips: Iterable[Clip], target: Path, fps: int) -> None:
    """Write all images of some clips into one mp4, its moov in front, exact times from 0.

    Args:
        clips: their headers are the same.
        target: is overwritten.
        fps: images a second.

    Raises:
        DatasetError: a clip cannot be read or has not the images that are due.
    """
    with PlainVideo(target, fps) as video:
        for clip in clips:
            copied = _copy(clip.path, video, fps)
            if copied != clip.pictures:
                raise DatasetError(
                    f"{clip.path} has {copied} images instead of {clip.pictures}; "
                    f"{for_dataset('check', clip.path)} lists everything."
                )


def _copy(path: Path, video: PlainVideo, fps: int) -> int:
    with opened_video(path) as (container, stream):
        base = Fraction(stream.time_base or 1) * fps
        # Early enough for images that are shown before others that are decoded first.
        delay = _DEEPEST_REORDERING if stream.codec_context.has_b_frames else 0
        times: list[Fraction] = []

        def numbered() -> "Iterator[tuple[int, Packet[Any]]]":
            for packet in packets_of(container, stream):
                if packet.pts is not None:
                    times.append(packet.pts * base)
                    yield round(times[-1]), packet

        copied = video.copy(stream, numbered(), delay)
    _require_image_per_frame(times, path, fps)
    return copied


def _require_image_per_frame(times: list[Fraction], path: Path, fps: int) -> None:
    """Image i is shown at i / fps: another would be shown for a neighbour's frame."""
    for number, time in enumerate(sorted(times)):
        if abs(time - number) > TOLERANCE_S * fps:
            raise DatasetError(
                f"{path} shows image {number} at {float(time / fps):.4f} s instead of "
                f"{number / fps:.4f} s; {for_dataset('check', path)} lists everything."
            )
