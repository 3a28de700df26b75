"""Random access to the images of videos: decoders are kept, and neighbours are decoded once."""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from lerecord.commands import for_dataset
from lerecord.dataset.video.colours import Colours
from lerecord.dataset.video.depth import depth_of, is_deep
from lerecord.dataset.video.packet_index import Coding, Stamp, VideoIndex, index_of
from lerecord.errors import DatasetError
from lerecord.refusals import to_read

KEPT_DECODERS = 16
KEPT_PLACES = 2_048_000
"""Images of which is remembered where they lie in their videos: 60 MB."""

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""(H, W, 3) uint8, RGB; of a depth camera (H, W, 1) uint16, the values as they are stored."""

Take = Callable[[int, Pixels], None]
"""Told the number of an image and the image, which is new and the taker's own."""


@dataclass(frozen=True, slots=True)
class Video:
    """A video of a dataset.

    Attributes:
        path: where it is now.
        stamp: the content that its frames belong to.
        camera: feature of its camera; videos of one camera share a decoder.
        from_s: when its image 0 is due; episodes of v3.0 share videos.
    """

    path: Path
    stamp: Stamp
    camera: str
    from_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Clock:
    """When image i is due, i / fps seconds, and how far from that it may be."""

    fps: int
    tolerance_s: float


class PictureSource:
    """Decodes images of any of a dataset's videos, by number.

    What it keeps belongs to the process and is made anew in a child; it may be pickled, and used
    from threads, one at a time. No file stays open.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: _Kept | None = None

    def pictures(self, video: Video, numbers: Iterable[int], take: Take) -> None:
        """Hand over images of one video, each decoded and converted once.

        Args:
            video: which.
            numbers: of the images.
            take: gets each, in any order.

        Raises:
            DatasetError: the video is missing, is not what it was, has no such image, or one
                does not decode.
        """
        kept = self._of_this_process()
        with kept.lock:
            index = kept.index(video)
            packets = {self._packet(video, index, number): number for number in numbers}
            decoder = kept.decoder(video.camera, index.coding)
            with _opened(video) as descriptor:
                decoder.decode(_Source(video.path, descriptor, index), packets, take)

    def _packet(self, video: Video, index: VideoIndex, number: int) -> int:
        seconds = video.from_s + number / self._clock.fps
        packet = index.packet_at(seconds, self._clock.tolerance_s)
        if packet is None:
            raise DatasetError(
                f"{video.path} has no image at {seconds:.4f} s within "
                f"{self._clock.tolerance_s:g} s; {for_dataset('check', video.path)} lists "
                f"everything."
            )
        return packet

    def _of_this_process(self) -> "_Kept":
        if self._kept is None or self._kept.process != os.getpid():
            if self._kept is not None:
                _INHERITED.append(self._kept)
            self._kept = _Kept()
        return self._kept

    def __getstate__(self) -> Clock:
        return self._clock

    def __setstate__(self, clock: Clock) -> None:
        self._clock, self._kept = clock, None


class _Kept:
    """What one process keeps; what was not used for longest goes when it is too much."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self._indices: OrderedDict[tuple[Path, Stamp], VideoIndex] = OrderedDict()
        self._places = 0
        self._decoders: OrderedDict[tuple[str, Coding], _Decoder] = OrderedDict()

    def index(self, video: Video) -> VideoIndex:
        key = video.path, video.stamp
        if key not in self._indices:
            self._indices[key] = index_of(video.path)
            self._places += len(self._indices[key])
            while self._places > KEPT_PLACES and len(self._indices) > 1:
                self._places -= len(self._indices.popitem(last=False)[1])
        self._indices.move_to_end(key)
        return self._indices[key]

    def decoder(self, camera: str, coding: Coding) -> "_Decoder":
        key = camera, coding
        if key not in self._decoders:
            self._decoders[key] = _Decoder(coding)
            if len(self._decoders) > KEPT_DECODERS:
                self._decoders.popitem(last=False)
        self._decoders.move_to_end(key)
        return self._decoders[key]


_INHERITED: list[_Kept] = []
"""Of the parent of a forked process: to free its decoders could wait for threads that are not."""


class _opened:  # noqa: N801 - used as a function, and cheaper than a generator for each window
    """The descriptor of a video whose content is what it was."""

    def __init__(self, video: Video) -> None:
        self._video = video
        self._descriptor = -1

    def __enter__(self) -> int:
        try:
            self._descriptor = os.open(self._video.path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            raise DatasetError(
                f"{self._video.path} cannot be read ({error.strerror}); open the dataset again."
            ) from error
        if Stamp.of(os.fstat(self._descriptor)) != self._video.stamp:
            os.close(self._descriptor)
            raise DatasetError(
                f"{self._video.path} was changed since the dataset was opened; open it again."
            )
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    descriptor: int
    index: VideoIndex

    def packet(self, place: int) -> "av.Packet[Any]":
        size = int(self.index.size[place])
        data = os.pread(self.descriptor, size, int(self.index.offset[place]))
        packet = av.Packet(data)
        packet.pts = packet.dts = int(self.index.pts[place])
        return packet


class _Decoder:
    """A decoder for all videos of one coding; it stands behind some packet of the last one."""

    def __init__(self, coding: Coding) -> None:
        context = av.CodecContext.create(coding.decoder, "r")
        assert isinstance(context, VideoCodecContext)
        context.extradata = coding.extradata
        context.color_range = coding.color_range
        context.colorspace = coding.colorspace
        context.thread_count = 1  # a window is a few images; threads would add delay
        self._context = context
        self._index: VideoIndex | None = None
        self._next = 0
        self._colours = Colours("rgb24")

    def decode(self, source: _Source, packets: Mapping[int, int], take: Take) -> None:
        """Hand over the images of packets, given as packet to number."""
        wanted = {int(source.index.pts[packet]): number for packet, number in packets.items()}
        try:
            for packet in sorted(packets):
                if int(source.index.pts[packet]) in wanted:
                    self._go_to(source.index, packet)
                    self._until(source, packet, wanted, take)
        except av.FFmpegError as error:
            self._index = None
            raise DatasetError(
                f"{source.path} does not decode ({error}); {to_read(error)}."
            ) from error

    def _go_to(self, index: VideoIndex, packet: int) -> None:
        """Stand where decoding on gives the packet's image soonest."""
        start = index.start_of(packet)
        if self._index is not index or not start <= self._next <= packet:
            self._context.flush_buffers()
            self._index, self._next = index, start

    def _until(self, source: _Source, packet: int, wanted: dict[int, int], take: Take) -> None:
        pts = int(source.index.pts[packet])
        while pts in wanted and self._next < len(source.index):
            self._give(self._context.decode(source.packet(self._next)), wanted, take)
            self._next += 1
        if pts in wanted:  # the decoder still holds it, for no packet is left to push it out
            self._give(self._context.decode(None), wanted, take)
        if pts in wanted:
            self._index = None
            raise DatasetError(f"{source.path} has an image that does not decode ({pts}).")

    def _give(self, frames: Iterable[VideoFrame], wanted: dict[int, int], take: Take) -> None:
        for frame in frames:
            number = None if frame.pts is None else wanted.pop(frame.pts, None)
            if number is None:
                continue
            if is_deep(frame.format.name):
                take(number, depth_of(frame))
            else:
                take(number, self._colours.of(frame))
