"""What a killed take still is: as many rows as every one of its streams has.

The files of a take are synced once a second, so only their last two seconds can be torn: those are
decoded, and what does not decode ends the take.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from numpy.typing import NDArray

from lerecord.dataset.capture import Histogram, TrackSummary, load_track
from lerecord.dataset.journal import RowColumns, read_rows
from lerecord.dataset.picture import histogram_of
from lerecord.dataset.spec import CameraSpec
from lerecord.dataset.staging import MIN_ROWS, ClosedTake, StagedColumns, left_takes, read_take
from lerecord.dataset.video import opened_video
from lerecord.errors import DatasetError

_TORN_S = 2


@dataclass(frozen=True, slots=True)
class LeftTake:
    """A take that was left staged.

    Attributes:
        id: names its folder.
        task: the sentence.
        begun: wall-clock time, ISO 8601 in UTC.
        rows: that its journal has; salvage may find fewer whole.
        seconds: of them.
        replaces: the episode that it was to replace; None of a new one.
    """

    id: str
    task: str
    begun: str
    rows: int
    seconds: float
    replaces: int | None = None


def look_at_left(root: Path) -> list[LeftTake]:
    """The takes that are staged, oldest first; those of a live recorder too.

    Raises:
        DatasetError: what is known of one cannot be read.
    """
    return [_looked_at(ClosedTake.load(root, name)) for name in left_takes(root)]


def _looked_at(take: ClosedTake) -> LeftTake:
    try:
        rows = len(read_rows(take.files.rows))
    except DatasetError:  # it was killed before its first row
        rows = 0
    facts = take.facts
    replaces = None if facts.replaces is None else facts.replaces.episode
    return LeftTake(take.id, facts.task, facts.begun, rows, rows / facts.spec.fps, replaces)


def read_left(take: ClosedTake) -> StagedColumns | None:
    """Read what is whole of a left take; None when that is too little for an episode."""
    try:
        return read_take(take)
    except DatasetError:
        return _salvaged(take)


def _salvaged(take: ClosedTake) -> StagedColumns | None:
    try:
        rows = read_rows(take.files.rows)
        length = min([len(rows), *(_pictures(take, camera) for camera in take.facts.spec.cameras)])
    except DatasetError:  # a stream was never begun
        return None
    finite = np.isfinite(rows.state).all(axis=1) & np.isfinite(rows.action).all(axis=1)
    length = min(length, len(rows) if finite.all() else int(np.argmin(finite)))
    if length < MIN_ROWS:
        return None
    return StagedColumns(
        rows=_first(rows, length),
        tracks={camera.name: _track(take, camera, length) for camera in take.facts.spec.cameras},
        salvaged=True,
    )


def _first(rows: RowColumns, length: int) -> RowColumns:
    return RowColumns(**{each.name: getattr(rows, each.name)[:length] for each in fields(rows)})


def _pictures(take: ClosedTake, camera: CameraSpec) -> int:
    """How many pictures of a camera are whole: in its journal, and in its video."""
    path = take.files.video(camera.name)
    known = load_track(take.files.path, camera).rows
    packets = min(known, _whole_packets(path))
    if packets == 0:  # a header that is torn, too, may not even name the codec
        return 0
    first = max(0, packets - _TORN_S * take.facts.spec.fps)
    return first + sum(1 for _ in _decoded(path, range(first, packets)))


def _whole_packets(path: Path) -> int:
    """Packets of a video before the first that is torn."""
    whole = 0
    with opened_video(path) as (container, stream):
        try:
            for packet in container.demux(stream):
                if not packet.size or packet.is_corrupt:
                    break
                whole += 1
        except av.FFmpegError:  # torn in the middle of its structure
            pass
    return whole


def _decoded(path: Path, rows: range) -> Iterator[NDArray[np.uint8]]:
    """Pictures of a video up to the first that does not decode: (H, W, 3) uint8 BGR.

    What stands before the last key picture that they need is not decoded: a take may be long.
    """
    with opened_video(path) as (container, stream):
        codec = stream.codec_context
        codec.thread_count = 1
        codec.options = {"err_detect": "explode"}
        numbered = _from_key(container.demux(stream), rows)
        try:
            number, packet = next(numbered, (0, None))
            for each in chain([packet], (packet for _, packet in numbered), [None]):
                for frame in codec.decode(each):
                    if frame.is_corrupt:
                        return
                    if number in rows:
                        yield frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
                    number += 1
        except av.FFmpegError:
            return


def _from_key(packets: "Iterator[Packet[Any]]", rows: range) -> "Iterator[tuple[int, Packet[Any]]]":
    """The packets of some pictures and their numbers, from the key picture before them on."""
    waiting: list[tuple[int, Packet[Any]]] = []
    for number, packet in enumerate(packets):
        if not packet.size or number >= rows.stop:
            return
        if packet.is_keyframe and number <= rows.start:
            waiting.clear()
        waiting.append((number, packet))
        if number >= rows.start:
            yield from waiting
            waiting.clear()


def _track(take: ClosedTake, camera: CameraSpec, length: int) -> TrackSummary:
    """What is known of the first pictures; those behind the last count are counted now."""
    track = load_track(take.files.path, camera, length)
    histogram: Histogram = track.histogram
    path = take.files.video(camera.name)
    for picture in _decoded(path, range(track.histogram_rows, length)):
        histogram = histogram + histogram_of(picture)
    return replace(track, histogram=histogram, histogram_rows=length)
