"""What a recording has cost, out of the dataset and the looks at its processes."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow.ipc
from numpy.typing import NDArray

from lerecord.bench.meter import Usage
from lerecord.dataset.format import layout
from lerecord.dataset.video import facts_of, frames_of, yuv_of
from lerecord.jpeg import decode

_COMPARED = 20  # images of which the quality is measured
_MEASURED = "control", "camera", "writer", "station"  # processes of the recorder

Look = tuple[float, dict[str, Usage]]
"""A time, and what each kind of process had used by then."""


@dataclass(frozen=True, slots=True)
class Result:
    """What it cost; every figure of this run on this machine. Times of the loop in milliseconds.

    Attributes:
        missed_ticks: slots of the takes that nobody was there to take.
        images_lost: frames without an image of their own in the video; anything but 0 is a bug.
        images_spooled: images that waited on the disk for their encoder.
        wait_after_save_ticks: slots from SAVE until the next take could have started.
        committed_after_save_ms: from SAVE until committed and synced, the median take.
        camera_cpu_ms_per_image, cpu_ms_per_image: of the camera processes; of all processes.
        pss_mb: of all processes of the recorder together, the largest look.
        pss_growth_mb_per_minute: the slope over the second half of the takes; it wants minutes.
        psnr_y_db: brightness of the video against the camera's JPEG.
    """

    missed_ticks: int
    images_lost: int
    images_spooled: int
    frames: int
    rate_hz: float
    lateness_p50_ms: float
    lateness_p99_ms: float
    lateness_max_ms: float
    wait_after_save_ticks: int | None
    committed_after_save_ms: float
    camera_cpu_ms_per_image: float
    cpu_ms_per_image: float
    pss_mb: float
    pss_growth_mb_per_minute: float
    bytes_per_image: float
    psnr_y_db: float
    load_average: float


def measured(
    root: Path,
    outcome: dict[str, Any],
    looks: Sequence[Look],
    clip: list[bytes],
) -> Result:
    """What was recorded and what it took.

    Args:
        root: the dataset.
        outcome: what the recorder printed of it.
        looks: time to the usage of each kind of process, from start to end.
        clip: the JPEG images that the cameras gave.
    """
    takes = [
        pyarrow.ipc.open_file(str(root / layout.capture_file(saved["episode"]))).read_all()
        for saved in outcome["saved"]
    ]
    videos = _Videos.of(sorted(root.glob("videos/*/*/*.mp4")), len(takes))
    loop, cost = _Loop.of(takes), _Cost.of(looks, takes, videos.cameras)
    committed_s = np.median([saved["committed_after_s"] for saved in outcome["saved"]])
    return Result(
        missed_ticks=loop.missed,
        images_lost=loop.frames * videos.cameras - videos.images,
        images_spooled=outcome["spooled"],
        frames=loop.frames,
        rate_hz=loop.rate_hz,
        lateness_p50_ms=float(np.percentile(loop.lateness_ms, 50)),
        lateness_p99_ms=float(np.percentile(loop.lateness_ms, 99)),
        lateness_max_ms=float(loop.lateness_ms.max()),
        wait_after_save_ticks=_wait_ticks(takes, loop.rate_hz),
        committed_after_save_ms=float(committed_s * 1e3),
        camera_cpu_ms_per_image=cost.camera_ms_per_image,
        cpu_ms_per_image=cost.ms_per_image,
        pss_mb=max(cost.pss_mb),
        pss_growth_mb_per_minute=_slope(cost.minutes, cost.pss_mb),
        bytes_per_image=videos.bytes / videos.images,
        psnr_y_db=_psnr_y(videos.first, takes[0], clip),
        load_average=os.getloadavg()[0],
    )


@dataclass(frozen=True, slots=True)
class _Videos:
    """What is in the videos of all takes."""

    first: Path
    cameras: int
    images: int
    bytes: int

    @classmethod
    def of(cls, paths: Sequence[Path], takes: int) -> Self:
        images = sum(len(facts_of(path).times) for path in paths)
        size = sum(path.stat().st_size for path in paths)
        return cls(paths[0], len(paths) // takes, images, size)


@dataclass(frozen=True, slots=True, eq=False)
class _Loop:
    """How the loop kept its time in all takes."""

    frames: int
    missed: int
    rate_hz: float
    lateness_ms: NDArray[np.float64]

    @classmethod
    def of(cls, takes: Sequence[Any]) -> Self:
        missed = [take["missed"].to_numpy(zero_copy_only=False) for take in takes]
        lateness_s = np.concatenate([take["lateness_s"].to_numpy() for take in takes])
        frames = sum(map(len, takes))
        return cls(
            frames, sum(int(np.sum(each)) for each in missed), _rate(takes), lateness_s * 1e3
        )


@dataclass(frozen=True, slots=True)
class _Cost:
    """What the processes took while takes ran: from the first look to the last."""

    camera_ms_per_image: float
    ms_per_image: float
    minutes: list[float]
    pss_mb: list[float]

    @classmethod
    def of(cls, looks: Sequence[Look], takes: Sequence[Any], cameras: int) -> Self:
        first, last = takes[0]["started"][0].as_py(), takes[-1]["started"][-1].as_py()
        during = [look for look in looks if first <= look[0] <= last] or looks[-1:]
        images = (during[-1][0] - during[0][0]) * cameras * _rate(takes)
        return cls(
            camera_ms_per_image=_cpu_ms(during, "camera") / images,
            ms_per_image=_cpu_ms(during, "") / images,
            minutes=[at / 60 for at, _ in during],
            pss_mb=[sum(_of_recorder(usage, "pss_bytes")) / 1e6 for _, usage in during],
        )


def _slope(x: list[float], y: list[float]) -> float:
    """Of the line through the second half of the points; 0 when they are too few for one."""
    half = len(x) // 2
    return float(np.polyfit(x[half:], y[half:], 1)[0]) if len(x) - half > 1 else 0.0


def _rate(takes: Sequence[Any]) -> float:
    started = [take["started"].to_numpy() for take in takes]
    spans = sum(take[-1] - take[0] for take in started)
    return float(sum(len(take) - 1 for take in started) / spans)


def _wait_ticks(takes: Sequence[Any], rate_hz: float) -> int | None:
    """Slots between the last frame of a take and the first of the next, without the one of SAVE."""
    gaps = [
        round((after["due"][0].as_py() - before["due"][-1].as_py()) * rate_hz) - 1
        for before, after in pairwise(takes)
    ]
    return max(gaps) if gaps else None


def _of_recorder(usage: dict[str, Usage], what: str) -> Iterator[float]:
    for kind, used in usage.items():
        if kind in _MEASURED:
            yield getattr(used, what)


def _cpu_ms(during: Sequence[Look], kind: str) -> float:
    def used(usage: dict[str, Usage]) -> float:
        if kind:
            return usage.get(kind, Usage()).cpu_s
        return sum(_of_recorder(usage, "cpu_s"))

    return (used(during[-1][1]) - used(during[0][1])) * 1e3


def _psnr_y(video: Path, table: Any, clip: list[bytes]) -> float:
    sequence = table["camera_0.sequence"].to_pylist()
    errors = []
    for frame, number in zip(frames_of(video), sequence[:_COMPARED], strict=False):
        source = yuv_of(decode(clip[number % len(clip)]))
        coded, plane = (
            each.to_ndarray()[: frame.height].astype(np.float64) for each in (frame, source)
        )
        errors.append(np.mean((coded - plane) ** 2))
    return float(10 * np.log10(255**2 / np.mean(errors)))
