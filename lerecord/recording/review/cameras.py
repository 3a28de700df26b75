"""What the cameras gave: late, frozen, black, washed-out, blurred, moved or swapped."""

from collections.abc import Iterator, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lerecord.dataset.format import Reason, Verdict, remarked
from lerecord.dataset.staging import Look
from lerecord.recording.review.limits import Limits
from lerecord.recording.review.summary import CameraSummary, TakeSummary

_ALIKE = 0.35  # how sure a phase correlation is of two views of one scene
_DIFFERENT = 0.12
_CORRUPT = 0.2
_LUMA = np.array([0.299, 0.587, 0.114])


def of_cameras(take: TakeSummary, limits: Limits) -> Iterator[Reason]:
    """What speaks against a take in its images."""
    for remark in remarked(take.health, take.fps):
        camera = take.health["cameras"].get(remark.camera, {})
        grave = _is_grave(remark.kind, take, camera, limits)
        yield Reason(remark.kind, Verdict.REDO if grave else Verdict.LOOK, remark.text)
    for name, camera in take.cameras.items():
        yield from _of_times(name, camera, limits)
        yield from _of_light(name, camera, limits)
    yield from _of_looks(take.cameras, limits)


def _is_grave(kind: str, take: TakeSummary, camera: Mapping[str, Any], limits: Limits) -> bool:
    """Whether what is remarked is beyond repair."""
    frames = len(take)
    match kind:
        case "missed":
            return bool(take.health["missed"] > limits.redo_missed * frames)
        case "frozen":
            return bool(camera["longest_unchanged_s"] >= limits.redo_frozen_s)
        case "blank":
            return bool(camera["blank"] >= limits.redo_blank * frames)
        case "corrupt":
            return bool(camera["corrupt"] > _CORRUPT * frames)
    return False


def _of_times(name: str, camera: CameraSummary, limits: Limits) -> Iterator[Reason]:
    age_s, repeated = float(camera.age_s.max()), int(camera.repeated.sum())
    if age_s > limits.max_image_age_s:
        yield Reason(
            "image_age",
            Verdict.LOOK,
            f"An image of camera {name} was {age_s:.2f} s old when it was recorded: check its "
            f"cable and the load of the computer.",
        )
    if repeated > limits.max_repeated * len(camera.repeated):
        yield Reason(
            "repeated",
            Verdict.LOOK,
            f"Camera {name} had no new image in {repeated} of {len(camera.repeated)} frames: "
            f"check its rate and its light.",
        )


def _of_light(name: str, camera: CameraSummary, limits: Limits) -> Iterator[Reason]:
    pixels = float(camera.histogram[0].sum())
    if not pixels:
        return
    level = float(_LUMA @ (camera.histogram @ np.arange(256)) / pixels)
    if level < limits.darkest:
        said = f"Camera {name} saw next to nothing (mean level {level:.0f} of 255): more light"
        yield Reason("dark", Verdict.LOOK, f"{said}, or a longer exposure.")
    elif level > limits.brightest:
        said = f"Camera {name} is washed out (mean level {level:.0f} of 255): less light"
        yield Reason("washed_out", Verdict.LOOK, f"{said}, or a shorter exposure.")


def _of_looks(cameras: Mapping[str, CameraSummary], limits: Limits) -> Iterator[Reason]:
    """Each camera beside what it saw in the dataset's first take."""
    for name, camera in cameras.items():
        now, before = camera.look, camera.before
        if now is None or before is None or now.first.shape != before.first.shape:
            continue
        if now.sharpness < limits.min_sharpness * before.sharpness:
            yield Reason(
                "blurred",
                Verdict.LOOK,
                f"Camera {name} is less sharp than in the first take: clean its lens and check "
                f"its focus.",
            )
        (x, y), sure = _shift(before.first, now.first)
        share = float(np.hypot(x, y)) / before.first.shape[1]
        if sure > _ALIKE and share > limits.max_shift:
            yield Reason(
                "moved",
                Verdict.LOOK,
                f"Camera {name} sees the scene shifted by {share:.0%} of its width since the "
                f"first take: it was moved.",
            )
        elif sure < _DIFFERENT and (other := _seen_by_another(name, now, cameras)):
            yield Reason(
                "swapped",
                Verdict.REDO,
                f"Camera {name} sees what camera {other} saw in the first take: they are swapped.",
            )


def _seen_by_another(name: str, now: Look, cameras: Mapping[str, CameraSummary]) -> str | None:
    for other, camera in cameras.items():
        before = camera.before
        if other == name or before is None or before.first.shape != now.first.shape:
            continue
        if _shift(before.first, now.first)[1] > _ALIKE:
            return other
    return None


def _shift(before: NDArray[np.uint8], now: NDArray[np.uint8]) -> tuple[tuple[float, float], float]:
    """By how many pixels an image is shifted against another, and how sure that is, 0 to 1."""
    window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    shift, sure = cv2.phaseCorrelate(before.astype(np.float32), now.astype(np.float32), window)
    return (float(shift[0]), float(shift[1])), float(sure)
