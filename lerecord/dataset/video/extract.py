"""An episode's images out of a video of many episodes, encoded again only where they must be."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from lerecord.dataset.format import CameraSpec, EpisodeRecord, settings_for
from lerecord.dataset.storage import Segment
from lerecord.dataset.video.cut import Cut, cut_video
from lerecord.dataset.video.mp4 import facts_of
from lerecord.dataset.video.opening import opened_video
from lerecord.dataset.video.packet_index import VideoIndex, index_of
from lerecord.dataset.video.plain import PlainVideo
from lerecord.errors import DatasetError

_TOLERANCE = 0.25  # of an image, between a time that is asked for and the image's own


@dataclass(frozen=True, slots=True, eq=False)
class Extract:
    """Some images of a video.

    Attributes:
        source: an mp4.
        index: of the source.
        rows: the images, by their order of display.
        fps: images a second.
    """

    source: Path
    index: VideoIndex
    rows: range
    fps: int

    def write(self, target: Path) -> int:
        """Write them as a plain mp4.

        Returns:
            How many had to be encoded again: none when they begin with a keyframe and need
            nothing from outside, for then their packets are copied.

        Raises:
            DatasetError: the source cannot be read, or must be encoded and cannot be.
        """
        packets = np.sort(self.index.shown[self.rows.start : self.rows.stop])
        first, last = int(packets[0]), int(packets[-1])
        begins = self.index.shown[self.rows.start] == first and first in self.index.key
        if not begins or last - first + 1 != len(packets):
            return self._cut(target)
        shown = np.argsort(np.argsort(self.index.pts[first : last + 1])).tolist()
        # How long before it is shown an image must be decoded, for the sake of those behind it.
        delay = max(place - number for place, number in enumerate(shown))
        numbered = zip(shown, self._packets(first, last), strict=True)
        with opened_video(self.source) as (_, stream), PlainVideo(target, self.fps) as video:
            video.copy(stream, numbered, delay)
        return 0

    def _packets(self, first: int, last: int) -> "Iterator[av.Packet[Any]]":
        keys = set(self.index.key.tolist())
        with self.source.open("rb") as file:
            for number in range(first, last + 1):
                size, offset = int(self.index.size[number]), int(self.index.offset[number])
                packet = av.Packet(os.pread(file.fileno(), size, offset))
                packet.is_keyframe = number in keys
                yield packet

    def _cut(self, target: Path) -> int:
        facts = facts_of(self.source)
        settings = settings_for(facts.codec)
        if settings is None:
            raise DatasetError(
                f"{self.source} is {facts.codec}, and its images {self.rows.start} to "
                f"{self.rows.stop - 1} do not begin with a keyframe or need others, so that "
                f"they cannot be cut out; encode it as h264 first."
            )
        camera = CameraSpec("camera", facts.width, facts.height)
        return cut_video(Cut(self.source, self.rows, camera, self.fps, settings), target)


class Extracts:
    """Writes the images of episodes as videos of their own.

    It keeps where the images of the last video of each camera are, for the episodes behind.

    Args:
        fps: images a second.
    """

    def __init__(self, fps: int) -> None:
        self._fps = fps
        self._index: dict[str, tuple[Path, VideoIndex]] = {}

    def write(self, record: EpisodeRecord, key: str, segment: Segment, target: Path) -> int:
        """Write the images of an episode and a camera.

        Args:
            record: the episode.
            key: feature of the camera.
            segment: where they are.
            target: the new mp4.

        Returns:
            How many had to be encoded again.

        Raises:
            DatasetError: there is not an image for each frame, or as of `Extract.write`.
        """
        path = segment.path
        if key not in self._index or self._index[key][0] != path:
            self._index[key] = path, index_of(path)
        index = self._index[key][1]
        rows = pictures_from(index, segment.from_s, record.length, self._fps)
        if rows is None:
            raise DatasetError(
                f"{path} has not an image for each frame of episode {record.index} from "
                f"{segment.from_s:g} s on; restore it."
            )
        return Extract(path, index, rows, self._fps).write(target)


def pictures_from(index: VideoIndex, start_s: float, count: int, fps: int) -> range | None:
    """The images that are shown from a time on, one each 1 / fps seconds; None when one lacks."""
    tolerance_s = _TOLERANCE / fps
    first = int(np.searchsorted(index.seconds, start_s - tolerance_s))
    found = index.seconds[first : first + count]
    if len(found) < count:
        return None
    apart = np.abs(found - start_s - np.arange(count) / fps)
    return range(first, first + count) if apart.max(initial=0.0) <= tolerance_s else None
