"""How well a camera did in an episode: its line of health, and what is worth a sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format.stats import Histogram
from lerecord.dataset.format.track_summary import TrackSummary

_SHORTEST_S = 1.0  # over which a rate is told
_BLANK_LEVELS = 24
_BLANK_SHARE = 0.005  # of the pixels at either end that may be brighter or darker
_SAME_SHARE = 0.01  # of the pixels whose values may differ between two views of one camera


def is_blank(histogram: Histogram) -> bool:
    """Whether an image is of one shade, as behind a lens cap: all but 1 % within 24 levels."""
    for channel in histogram:  # most images end it at the first one
        counted = np.cumsum(channel)
        darkest = counted.searchsorted(_BLANK_SHARE * counted[-1], "right")
        brightest = counted.searchsorted((1 - _BLANK_SHARE) * counted[-1], "left")
        if brightest - darkest >= _BLANK_LEVELS:
            return False
    return True


def camera_health(track: TrackSummary, started: NDArray[np.float64]) -> dict[str, Any]:
    """The figures of one camera; None where the recording does not tell.

    Args:
        track: its images, N of them.
        started: (N,) when each frame was taken, CLOCK_MONOTONIC seconds.
    """
    unchanged, blank = track.unchanged, track.blank
    return {
        "repeated": int(track.repeated.sum()),
        "corrupt": int(track.corrupt.sum()),
        "max_image_age_s": round(float((started - track.captured_at).max()), 6),
        "fps": _rate(track),
        "unchanged": None if unchanged is None else int(unchanged.sum()),
        "longest_unchanged_s": None if unchanged is None else _longest_s(track, unchanged),
        "blank": None if blank is None else int(blank.sum()),
    }


def _rate(track: TrackSummary) -> float | None:
    """Images a second that the camera gave, recorded or not."""
    seconds = float(track.captured_at[-1] - track.captured_at[0])
    if seconds < _SHORTEST_S:
        return None
    # uint32 counts wrap around
    images = int((int(track.sequence[-1]) - int(track.sequence[0])) % 2**32)
    return round(images / seconds, 2)


def _longest_s(track: TrackSummary, unchanged: NDArray[np.bool_]) -> float:
    """The longest time over which every new image was the same as the one before."""
    longest = since = 0.0
    for captured_at, new in zip(track.captured_at, ~(unchanged | track.repeated), strict=True):
        since = captured_at if new else since or captured_at
        longest = max(longest, captured_at - since)
    return round(float(longest), 6)


def same_views(tracks: Mapping[str, TrackSummary]) -> list[list[str]]:
    """Pairs of cameras that showed the same: one device under two names."""
    return [
        [one, other]
        for one, other in combinations(tracks, 2)
        if _are_same(tracks[one].histogram, tracks[other].histogram)
    ]


def _are_same(one: Histogram, other: Histogram) -> bool:
    pixels = int(one.sum())
    if pixels == 0 or pixels != other.sum() or is_blank(one):
        return False
    return int(np.abs(one - other).sum()) <= 2 * _SAME_SHARE * pixels


_SLOTS_MISSED = 0.05
_RATE_SHORT = 0.9
_FROZEN_S = 1.0
_UNCHANGED = 0.2


@dataclass(frozen=True, slots=True)
class Remark:
    """What an operator should know of an episode.

    Attributes:
        kind: what it is about.
        text: a sentence.
        camera: that it is of; empty when it is of none.
    """

    kind: str
    text: str
    camera: str = ""


def remarks_of(health: Mapping[str, Any], fps: int) -> list[str]:
    """What an operator should know of an episode that was just recorded, a sentence each.

    Args:
        health: as `health_of` makes it; what it lacks is not remarked.
        fps: frames a second of the dataset.
    """
    return [each.text for each in remarked(health, fps)]


def remarked(health: Mapping[str, Any], fps: int) -> list[Remark]:
    """The same, with what each is about."""
    frames = health.get("rows") or 0
    remarks = []
    missed = health.get("missed") or 0
    if missed > _SLOTS_MISSED * frames:
        remarks.append(
            Remark(
                "missed",
                f"The loop missed {missed} of {frames} slots, each of which repeats the frame "
                f"before: close other programs, or lower the fps.",
            )
        )
    for name, camera in (health.get("cameras") or {}).items():
        remarks += [Remark(*each, name) for each in _of_camera(name, camera, frames, fps)]
    for pair in health.get("same_views") or []:
        names = " and ".join(pair)
        said = f"Cameras {names} show the same images: give each its own device."
        remarks.append(Remark("same_views", said))
    return remarks


def _of_camera(
    name: str, camera: Mapping[str, Any], frames: int, fps: int
) -> Iterator[tuple[str, str]]:
    rate, longest_s = camera.get("fps"), camera.get("longest_unchanged_s") or 0.0
    unchanged, corrupt = camera.get("unchanged") or 0, camera.get("corrupt") or 0
    blank = camera.get("blank") or 0
    if rate is not None and rate < _RATE_SHORT * fps:
        yield (
            "slow",
            f"Camera {name} gave {rate:.1f} images a second and {fps} are recorded: "
            f"more light or a shorter exposure makes most cameras faster.",
        )
    if blank == frames:
        pass  # that says it all
    elif longest_s >= _FROZEN_S:
        yield (
            "frozen",
            f"Camera {name} gave the same image for {longest_s:.1f} s: check that it is not "
            f"frozen.",
        )
    elif unchanged > _UNCHANGED * frames:
        yield (
            "unchanged",
            f"Camera {name} gave the same image again in {unchanged} of {frames} frames: "
            f"check its rate.",
        )
    if blank:
        yield (
            "blank",
            f"Camera {name} gave {blank} of {frames} images in a single shade: "
            f"check its lens cap and its exposure.",
        )
    if corrupt:
        yield (
            "corrupt",
            f"Camera {name} gave damaged images in {corrupt} of {frames} frames, which show the "
            f"image before: check its cable.",
        )
