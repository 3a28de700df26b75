"""Checks of one video: that it is there, what it says of itself, and every image in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from av.video.frame import VideoFrame

from lerecord import frame_stamp
from lerecord.dataset.format import (
    Feature,
    FeatureStats,
    TrackSummary,
    is_blank,
    layout,
    of_pictures,
)
from lerecord.dataset.storage import Segment
from lerecord.dataset.verify.findings import Place
from lerecord.dataset.verify.strips import Strips, check_strips
from lerecord.dataset.video import (
    TOLERANCE_S,
    Colours,
    VideoFacts,
    facts_of,
    frames_within,
    histogram_of,
    is_deep,
    is_depth,
    turned_back,
)
from lerecord.errors import DatasetError

CODEC_TOLERANCE = {"mean": 0.03, "std": 0.06}
"""In units of the pixel range: what coding may change in a take's mean and spread."""
_CODED = 6  # levels by which coding may change an image that stays the same
_BLACK = 0.1  # of the pixel range
_OF_COLOUR, _OF_DEPTH = ((3, 1, 1),), ((1, 1, 1), (3, 1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """One video and what it is checked against.

    Attributes:
        segment: where its images are.
        feature: of its camera.
        rows: of the episode.
        fps: of the dataset.
        codec: that the dataset says its videos have; None when it does not say.
        ours: lerecord recorded it, so everything is exact.
        track: what the sidecar keeps of it; None when there is none.
        stats: of the camera; None when there are none.
        stats_file: where they are kept.
        strips: of a simulated camera; None of a real one.
    """

    segment: Segment
    feature: Feature
    rows: int
    fps: int
    codec: str | None
    ours: bool
    track: TrackSummary | None
    stats: FeatureStats | None
    stats_file: str
    strips: Strips | None


class KeptFacts:
    """What the last video of each camera says of itself: episodes of v3.0 share videos."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Path, VideoFacts]] = {}

    def of(self, pictures: Pictures) -> VideoFacts:
        """Of the images of an episode; raises DatasetError."""
        key, path = pictures.feature.key, pictures.segment.path
        if key not in self._kept or self._kept[key][0] != path:
            self._kept[key] = path, facts_of(path)
        return self._kept[key][1].of(pictures.segment, pictures.fps)


def check_video(pictures: Pictures, kept: KeptFacts, decode: bool, place: Place) -> None:
    """Check the images of an episode and a camera; with `decode` every one of them."""
    if not pictures.ours:
        check_image_stats(pictures.feature, pictures.stats, pictures.stats_file, place)
    try:
        facts = kept.of(pictures)
    except DatasetError as error:
        place.wrong(str(error))
        return
    _check_facts(facts, pictures, place)
    if decode:
        _check_pictures(pictures, facts, place)


def check_image_stats(
    feature: Feature, stored: FeatureStats | None, file: str, place: Place
) -> None:
    """Check that there are statistics of a camera, of a shape that LeRobot takes."""
    if stored is None:
        place.remark(f"{file} has no statistics of {feature.key}.")
        return
    shapes = _OF_DEPTH if is_depth(feature) else _OF_COLOUR
    if stored.mean.shape not in shapes:
        place.wrong(
            f"{file}: the statistics of {feature.key} have shape "
            f"{list(stored.mean.shape)}, and LeRobot needs {list(shapes[0])}."
        )


def _check_facts(facts: VideoFacts, pictures: Pictures, place: Place) -> None:
    fps = Fraction(pictures.fps)
    told = pictures.feature.video
    place.expect("the number of images", len(facts.times), pictures.rows)
    try:
        place.expect("the size", (facts.width, facts.height), pictures.feature.size)
    except DatasetError as error:
        place.wrong(str(error))
    _check_format(facts.pixel_format, pictures, place)
    exact = pictures.ours and pictures.segment.to_s is None
    if exact:
        place.expect("the frame rate", facts.rate, fps)
    if facts.audio and not told.has_audio:
        place.wrong("the video has a sound track.")
    tolerance = 0 if exact else TOLERANCE_S
    wrong = [row for row, time in enumerate(facts.times) if abs(time - row / fps) > tolerance]
    place.wrong_rows(wrong, f"the image is not shown at frame / {fps} s.")
    if pictures.codec is not None and facts.codec != pictures.codec:
        place.remark(f"the video is {facts.codec}; the dataset's last setting is {pictures.codec}.")


def _check_format(found: str, pictures: Pictures, place: Place) -> None:
    if is_depth(pictures.feature) != is_deep(found):
        kinds = ("colour", "depth")
        place.wrong(
            f"the video holds {kinds[is_deep(found)]} ({found}) and {layout.INFO} describes "
            f"{kinds[is_depth(pictures.feature)]}."
        )
        return
    if not found:  # a video without an image, which is said already
        return
    due = "yuv420p" if pictures.ours else pictures.feature.video.pix_fmt
    if due is not None and _plain(found) != _plain(due):
        place.wrong(f"the pixel format is {found} instead of {due}.")


def _plain(pixel_format: str) -> str:
    """Without the mark of full range, which FFmpeg leaves out of newer names."""
    return pixel_format.replace("yuvj", "yuv")


@dataclass(slots=True)
class _Seen:
    """What the decoded images of a video show, added up."""

    histogram: np.ndarray[tuple[int, int], np.dtype[np.int64]]
    stamps: list[frame_stamp.Stamp | None]
    decoded: int = 0
    deep: bool = False
    damaged: list[int] = field(default_factory=list)
    moving: bool = False


def _check_pictures(pictures: Pictures, facts: VideoFacts, place: Place) -> None:
    seen = _Seen(np.zeros((3, 256), dtype=np.int64), [])
    try:
        _look(frames_within(pictures.segment, pictures.fps), pictures.strips, seen)
    except DatasetError as error:
        place.wrong(str(error), seen.decoded)
        return
    place.wrong_rows(seen.damaged, "the image is damaged in the video.")
    if seen.decoded != pictures.rows:
        place.wrong(f"{seen.decoded} images decode instead of {pictures.rows}.")
    if seen.deep:
        place.unchecked(f"the statistics of the depth camera {pictures.feature.key}")
    elif seen.decoded:
        check_look(of_pictures(seen.histogram, seen.decoded), pictures.stats, place)
        if pictures.track is None:
            _remark_view(seen, pictures, place)
    if pictures.strips is not None:
        is_av1 = facts.codec == "av1"
        check_strips(seen.stamps, pictures.strips, pictures.track, is_av1, place)


def _look(frames: Iterator[VideoFrame], strips: Strips | None, seen: _Seen) -> None:
    first, colours = None, Colours("bgr24")
    for frame in frames:
        if frame.is_corrupt:
            seen.damaged.append(seen.decoded)
        seen.decoded += 1
        seen.deep = is_deep(frame.format.name)
        if seen.deep:
            continue
        pixels = colours.of(frame)
        seen.histogram += histogram_of(pixels)
        if strips is not None:
            seen.stamps.append(frame_stamp.read(turned_back(pixels, strips.rotation)))
        first = pixels if first is None else first
        if not seen.moving:
            seen.moving = int(cv2.absdiff(pixels, first).max()) > _CODED


def _remark_view(seen: _Seen, pictures: Pictures, place: Place) -> None:
    """What a sidecar would have told: a camera that showed nothing, or nothing new."""
    if is_blank(seen.histogram) and of_pictures(seen.histogram, 1).mean.max() < _BLACK:
        place.remark("every image is black: check its lens cap and its exposure.")
    elif not seen.moving and seen.decoded >= pictures.fps:
        place.remark(f"all {seen.decoded} images are the same: check that it is not frozen.")


def check_look(found: FeatureStats, stored: FeatureStats | None, place: Place) -> None:
    """Compare the statistics of decoded images with the stored ones, as far as coding allows."""
    for name, tolerance in CODEC_TOLERANCE.items() if stored is not None else ():
        left, right = getattr(found, name), getattr(stored, name)
        if left.shape == right.shape and (np.abs(left - right) > tolerance).any():
            place.wrong(f"the {name} of the decoded images is not that of the stored statistics.")
