"""Checks of one video: what it says of itself, every picture, and for simulated rigs the strips.

The strip is drawn into each simulated image before it leaves the camera, so a decoded picture
proves which image it is: a picture that slipped against its row shows here and nowhere else.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from lerecord import strip
from lerecord.dataset.capture import TrackSummary
from lerecord.dataset.findings import Place
from lerecord.dataset.picture import histogram_of, turned_back
from lerecord.dataset.spec import CameraSpec, DatasetSpec
from lerecord.dataset.stats import FeatureStats, of_pictures
from lerecord.dataset.video import VideoFacts, facts_of, pictures_of
from lerecord.errors import DatasetError

CODEC_TOLERANCE = {"mean": 0.03, "std": 0.06}
"""In units of the pixel range: what coding may change in a take's mean and spread."""
_UNREADABLE_AV1 = 0.03
_MILLISECONDS = 2**32
_COUNTERS = 2**24


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """One video and what it is checked against.

    Attributes:
        path: the mp4.
        camera: name and size.
        rows: of the episode.
        spec: of the dataset.
        track: what the sidecar keeps of it; None when that cannot be read.
        stats: of the camera, from episodes_stats.jsonl; None when that cannot be read.
        strips: the rig is a simulated one, which draws a strip into each picture.
    """

    path: Path
    camera: CameraSpec
    rows: int
    spec: DatasetSpec
    track: TrackSummary | None
    stats: FeatureStats | None
    strips: bool


def check_video(pictures: Pictures, decode: bool, place: Place) -> None:
    """Check one video; with `decode` every picture of it."""
    try:
        facts = facts_of(pictures.path)
    except DatasetError as error:
        place.wrong(str(error))
        return
    _check_facts(facts, pictures, place)
    if decode:
        _check_pictures(pictures, facts.codec, place)


def _check_facts(facts: VideoFacts, pictures: Pictures, place: Place) -> None:
    camera, fps = pictures.camera, Fraction(pictures.spec.fps)
    place.expect("the number of pictures", len(facts.times), pictures.rows)
    place.expect("the size", (facts.width, facts.height), (camera.width, camera.height))
    place.expect("the pixel format", facts.pixel_format, "yuv420p")
    place.expect("the frame rate", facts.rate, fps)
    if facts.audio:
        place.wrong("the video has a sound track.")
    wrong = [row for row, time in enumerate(facts.times) if time != row / fps]
    place.wrong_rows(wrong, f"the picture is not shown at row / {fps} s.")
    if facts.codec != pictures.spec.video.codec:
        last = pictures.spec.video.codec
        place.remark(f"the video is {facts.codec}; the dataset's last setting is {last}.")


def _check_pictures(pictures: Pictures, codec: str, place: Place) -> None:
    histogram = np.zeros((3, 256), dtype=np.int64)
    stamps: list[strip.Stamp | None] = []
    rotation = _camera_config(pictures, "rotation", 0)
    decoded = 0
    try:
        for picture in pictures_of(pictures.path):
            histogram += histogram_of(picture)
            decoded += 1
            if pictures.strips:
                stamps.append(strip.read(turned_back(picture, rotation)))
    except DatasetError as error:
        place.wrong(str(error), decoded)
        return
    if decoded != pictures.rows:
        place.wrong(f"{decoded} pictures decode where {pictures.rows} are due.")
    if pictures.stats is not None and decoded:
        _check_look(of_pictures(histogram, decoded), pictures.stats, place)
    if pictures.strips:
        _check_strips(stamps, pictures, codec, place)


def _check_look(found: FeatureStats, stored: FeatureStats, place: Place) -> None:
    for name, tolerance in CODEC_TOLERANCE.items():
        left, right = getattr(found, name), getattr(stored, name)
        if left.shape == right.shape and (np.abs(left - right) > tolerance).any():
            place.wrong(f"the {name} of the decoded pictures is not that of the stored statistics.")


def _check_strips(
    stamps: list[strip.Stamp | None], pictures: Pictures, codec: str, place: Place
) -> None:
    unreadable = [row for row, stamp in enumerate(stamps) if stamp is None]
    if codec == "av1" and len(unreadable) <= _UNREADABLE_AV1 * len(stamps):
        # SVT-AV1's fast presets leave out a changed block of a picture now and then.
        place.remark_rows(unreadable, "the strip is blurred by the codec.")
    else:
        place.wrong_rows(unreadable, "the strip of the simulated picture cannot be read.")
    seen = {row: stamp for row, stamp in enumerate(stamps) if stamp is not None}
    _check_counters(seen, pictures.track, place)
    if pictures.track is not None:
        _check_times(seen, pictures, pictures.track, place)


def _check_counters(seen: dict[int, strip.Stamp], track: TrackSummary | None, place: Place) -> None:
    back: list[int] = []
    stuck: list[int] = []
    moved: list[int] = []
    for row in sorted(seen)[1:]:
        if row - 1 not in seen:
            continue
        step = (seen[row].counter - seen[row - 1].counter) % _COUNTERS
        if step >= _COUNTERS // 2:
            back.append(row)
        elif track is not None and row < track.rows and (step == 0) != bool(track.repeated[row]):
            (stuck if step == 0 else moved).append(row)
    place.wrong_rows(back, "the picture slipped: its counter goes back.")
    place.wrong_rows(stuck, "the picture slipped: it is shown again and the camera gave a new one.")
    place.wrong_rows(moved, "the picture slipped: it is a new one where the last is due again.")


def _check_times(
    seen: dict[int, strip.Stamp], pictures: Pictures, track: TrackSummary, place: Place
) -> None:
    """A strip's time is that of drawing; the capture follows within a camera period."""
    allowed_ms = 1000.0 / _camera_config(pictures, "fps", pictures.spec.fps)
    apart_ms: dict[int, float] = {}
    for row, stamp in seen.items():
        if row < track.rows:
            apart = (track.captured_at[row] * 1000.0 - stamp.milliseconds) % _MILLISECONDS
            apart_ms[row] = min(apart, _MILLISECONDS - apart)
    slipped = [row for row, apart in apart_ms.items() if apart > allowed_ms + 1.0]
    if slipped:
        apart = apart_ms[slipped[0]]
        place.wrong_rows(
            slipped, f"the picture slipped: its strip is {apart:.0f} ms from its capture time."
        )


def _camera_config(pictures: Pictures, key: str, default: int) -> int:
    """A camera's value in the recorded hardware config; the default when it is not there."""
    cameras = pictures.spec.hardware.get("config", {}).get("cameras", {})
    return int(cameras.get(pictures.camera.name, {}).get(key, default))
