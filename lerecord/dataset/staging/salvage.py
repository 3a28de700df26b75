"""What a killed take still is: as many frames as every one of its streams has.

The files of a take are synced once a second. What was synced is whole; behind it anything may be
torn: what the video does not hold as it was written, or what does not decode, ends the take.
"""

import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from av.packet import Packet
from numpy.typing import NDArray

from lerecord.dataset.format import MIN_ROWS, CameraSpec, Histogram, TrackSummary
from lerecord.dataset.staging.capture_journal import captured_rows, load_track, whole_video
from lerecord.dataset.staging.closed_take import ClosedTake, StagedColumns, read_take
from lerecord.dataset.staging.frame_journal import read_frames
from lerecord.dataset.staging.take_folders import frames_in, left_takes
from lerecord.dataset.video import Colours, histogram_of, opened_video, whole_part
from lerecord.errors import DatasetError


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
    return [look_at(root, name) for name in left_takes(root)]


def look_at(root: Path, name: str) -> LeftTake:
    """A take that is staged, by its id; raises DatasetError as `look_at_left`."""
    take = ClosedTake.load(root, name)
    rows = frames_in(root, name)
    facts = take.facts
    replaces = None if facts.replaces is None else facts.replaces.episode
    return LeftTake(take.id, facts.task, facts.begun, rows, rows / facts.spec.fps, replaces)


def read_left(take: ClosedTake) -> StagedColumns | None:
    """Read what is whole of a left take; None when it never had enough for an episode.

    Raises:
        DatasetError: it had enough, but what is left of it cannot be an episode.
    """
    try:
        read = read_take(take)
    except DatasetError:
        return _salvaged(take)
    videos = (take.files.video(camera.name) for camera in take.facts.spec.cameras)
    whole = all(whole_part(path).images == len(read.rows) for path in videos)
    return read if whole else _salvaged(take)


def _salvaged(take: ClosedTake) -> StagedColumns | None:
    streams = list(_streams(take))
    length = min(each.records for each in streams)
    if length >= MIN_ROWS:
        rows = read_frames(take.files.rows)
        finite = np.isfinite(rows.state).all(axis=1) & np.isfinite(rows.action).all(axis=1)
        length = min(length, len(rows) if finite.all() else int(np.argmin(finite)))
        cameras = take.facts.spec.cameras
        length = min([length, *(_decodable(take, camera, length) for camera in cameras)])
    if length < MIN_ROWS:
        if not _was_just_begun(take, streams):
            raise _refused(take, streams, length)
        return None
    return StagedColumns(
        rows=rows.first(length),
        tracks={camera.name: _track(take, camera, length) for camera in take.facts.spec.cameras},
        salvaged=True,
    )


def _was_just_begun(take: ClosedTake, streams: Sequence["_Stream"]) -> bool:
    """True for a take that is all there, but has no two frames of everything yet.

    Its encoders still held its first images when it was killed. From the first sync on, after a
    second, every file has frames for sure: one that has none is damaged then.
    """
    longest = max(each.records for each in streams)
    damaged = any(each.unreadable for each in streams)
    return longest < take.facts.spec.fps and not damaged


@dataclass(frozen=True, slots=True)
class _Stream:
    """A file of a take, and how many records or images of it are whole.

    Attributes:
        unreadable: there is something in it that cannot be read.
    """

    path: Path
    records: int
    unreadable: bool

    @classmethod
    def of(cls, path: Path, count: Callable[[], int | None]) -> Self:
        """Count by a function that gives None, or raises, when the header is not whole."""
        try:
            records = count()
        except DatasetError:
            records = None
        size = path.stat().st_size if path.exists() else 0
        return cls(path, records or 0, unreadable=records is None and size > 0)


def _streams(take: ClosedTake) -> Iterator[_Stream]:
    """What must be there of each frame: itself, and of each camera its image and what it was of."""
    files = take.files
    yield _Stream.of(files.rows, lambda: len(read_frames(files.rows)))
    for camera in take.facts.spec.cameras:
        capture, video = files.capture(camera.name), files.video(camera.name)
        yield _Stream.of(capture, partial(captured_rows, capture))
        yield _Stream.of(video, partial(_images, files.path, camera))


def _images(folder: Path, camera: CameraSpec) -> int | None:
    whole = whole_video(folder, camera)
    return None if whole.torn and whole.images < MIN_ROWS else whole.images


def _refused(take: ClosedTake, streams: Sequence[_Stream], length: int) -> DatasetError:
    worst = min(streams, key=lambda each: each.records)
    most = max(each.records for each in streams)
    found = (
        f"{worst.path.name} has {worst.records} that can be read"
        if worst.records < MIN_ROWS
        else f"only {length} can be used"
    )
    return DatasetError(
        f"The take has up to {most} frames, but {found}, and an episode needs {MIN_ROWS}; it stays "
        f"in {take.files.path}. Restore the file, or remove the take with `lerecord recover "
        f"{shlex.quote(str(take.files.path.parents[2]))} --discard`."
    )


def _decodable(take: ClosedTake, camera: CameraSpec, limit: int) -> int:
    """How many of the first images of a camera decode; what was synced is known to.

    A histogram is kept after the video was synced, with all that the encoder had given out then:
    it holds a group of images back, and the muxer one more.
    """
    synced = load_track(take.files.path, camera).histogram_rows
    first = min(limit, max(0, synced - 2 * take.facts.spec.video.gop))
    return first + sum(1 for _ in _decoded(take, camera, range(first, limit)))


def _decoded(take: ClosedTake, camera: CameraSpec, rows: range) -> Iterator[NDArray[np.uint8]]:
    """Images of a camera's video up to the first that does not decode: (H, W, 3) uint8 BGR.

    What stands before the last keyframe that they need is not decoded: a take may be long.
    """
    path, whole = take.files.video(camera.name), whole_video(take.files.path, camera)
    with opened_video(path, size_bytes=whole.size_bytes) as (container, stream):
        codec = stream.codec_context
        codec.thread_count = 1
        codec.options = {"err_detect": "explode"}
        numbered, colours = _from_key(container.demux(stream), rows), Colours("bgr24")
        try:
            number, packet = next(numbered, (0, None))
            for each in chain([packet], (packet for _, packet in numbered), [None]):
                for frame in codec.decode(each):
                    if frame.is_corrupt:
                        return
                    if number in rows:
                        yield colours.of(frame)
                    number += 1
        except av.FFmpegError:
            return


def _from_key(packets: "Iterator[Packet[Any]]", rows: range) -> "Iterator[tuple[int, Packet[Any]]]":
    """The packets of some images and their numbers, from the keyframe before them on."""
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
    """What is known of the first images; those behind the last count are counted now."""
    track = load_track(take.files.path, camera, length)
    histogram: Histogram = track.histogram
    for picture in _decoded(take, camera, range(track.histogram_rows, length)):
        histogram = histogram + histogram_of(picture)
    return replace(track, histogram=histogram, histogram_rows=length)
