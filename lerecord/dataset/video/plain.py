"""How every plain mp4 is written: packets are copied into it, and nothing is encoded again."""

from collections.abc import Iterable
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Self

import av
from av.packet import Packet
from av.video.stream import VideoStream

from lerecord.dataset.video.opening import opened_video, packets_of

_NO_PROBING = 32  # the least that FFmpeg takes
_TICKS_AN_IMAGE = 512  # the timescale is this times fps, so that every i / fps is exact


class PlainVideo:
    """A plain mp4 in the making: its moov in front, image i at i / fps exactly.

    Args:
        target: any name; it is overwritten.
        fps: images a second.
    """

    def __init__(self, target: Path, fps: int) -> None:
        timescale = str(fps * _TICKS_AN_IMAGE)
        options = {
            "movflags": "faststart",
            "video_track_timescale": timescale,
            "movie_timescale": timescale,
        }
        self._output = av.open(str(target), "w", format="mp4", container_options=options)
        self._time_base = Fraction(1, fps)
        self._stream: VideoStream | None = None
        self._images = 0

    def copy(
        self, stream: VideoStream, packets: "Iterable[tuple[int, Packet[Any]]]", delay: int = 0
    ) -> int:
        """Put the images of a video behind those that are there.

        Args:
            stream: the form of the packets; that of all videos is the same.
            packets: in the order of decoding, none of them empty, and the number of the image
                that each holds, counted from the first of this video.
            delay: by how many images each must be decoded before it is shown.

        Returns:
            How many were copied.
        """
        if self._stream is None:
            self._stream = self._output.add_stream_from_template(stream, opaque=True)
            self._stream.time_base = self._time_base
        before = self._images
        for number, packet in packets:
            packet.time_base = self._time_base
            packet.pts = before + number
            packet.dts = self._images - delay
            packet.duration = 1
            packet.stream = self._stream
            self._output.mux(packet)
            self._images += 1
        return self._images - before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._output.close()


def write_plain(
    target: Path, fps: int, stream: VideoStream, packets: "Iterable[Packet[Any]]"
) -> int:
    """Write packets whose images are shown as they are decoded; returns how many there are."""
    with PlainVideo(target, fps) as video:
        return video.copy(stream, enumerate(packets))


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
        pictures: how many images to copy; None copies all.
        size_bytes: how much of the source is looked at; None is all.

    Returns:
        How many were copied.

    Raises:
        DatasetError: the source cannot be read.
    """
    with opened_video(source, _NO_PROBING, size_bytes) as opened:
        packets = islice(packets_of(*opened), pictures)
        return write_plain(target, fps, opened[1], packets)
