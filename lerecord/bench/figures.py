"""What a recording has cost, out of the dataset and the looks at its processes."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.ipc
from numpy.typing import NDArray

from lerecord.bench.meter import Usage
from lerecord.dataset.format import layout
from lerecord.dataset.video import facts_of, frames_of, yuv_of
from lerecord.jpeg import decode

_COMPARED = 20  # images of which the quality is measured
_MEASURED = "control", "camera", "writer"  # processes of the recorder


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
    rows: int
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
    looks: list[tuple[float, dict[str, Usage]]],
    clip: list[bytes],
) -> Result:
    """What was recorded and what it took.

    Args:
        root: the dataset.
        outcome: what the recorder printed of it.
        looks: time to the usage of each kind of process, from start to end.
        clip: the JPEG images that the cameras gave.
    """
    tables = [
        pyarrow.ipc.open_file(str(root / layout.capture_file(saved["episode"]))).read_all()
        for saved in outcome["saved"]
    ]
    started = [table["started"].to_numpy() for table in tables]
    lateness_ms = np.concatenate([table["lateness_s"].to_numpy() for table in tables]) * 1e3
    during = [
        (at, usage) for at, usage in looks if started[0][0] <= at <= started[-1][-1]
    ] or looks[-1:]
    videos = sorted(root.glob("videos/*/*/*.mp4"))
    pictures = [len(facts_of(video).times) for video in videos]
    rows = sum(len(table) for table in tables)
    cameras = len(videos) // len(tables)
    # From the first to the last look, so that starting and ending are not counted.
    span = (during[-1][0] - during[0][0]) * cameras * _rate(started)
    pss = [sum(_of_recorder(usage, "pss_bytes")) / 1e6 for _, usage in during]
    return Result(
        missed_ticks=sum(
            int(np.sum(table["missed"].to_numpy(zero_copy_only=False))) for table in tables
        ),
        images_lost=rows * cameras - sum(pictures),
        images_spooled=outcome["spooled"],
        rows=rows,
        rate_hz=_rate(started),
        lateness_p50_ms=float(np.percentile(lateness_ms, 50)),
        lateness_p99_ms=float(np.percentile(lateness_ms, 99)),
        lateness_max_ms=float(lateness_ms.max()),
        wait_after_save_ticks=_wait_ticks(tables, _rate(started)),
        committed_after_save_ms=float(
            np.median([saved["committed_after_s"] for saved in outcome["saved"]]) * 1e3
        ),
        camera_cpu_ms_per_image=_cpu_ms(during, "camera") / span,
        cpu_ms_per_image=_cpu_ms(during, "") / span,
        pss_mb=max(pss),
        pss_growth_mb_per_minute=_slope([at / 60 for at, _ in during], pss),
        bytes_per_image=sum(video.stat().st_size for video in videos) / sum(pictures),
        psnr_y_db=_psnr_y(videos[0], tables[0], clip),
        load_average=os.getloadavg()[0],
    )


def _slope(x: list[float], y: list[float]) -> float:
    """Of the line through the second half of the points; 0 when they are too few for one."""
    half = len(x) // 2
    return float(np.polyfit(x[half:], y[half:], 1)[0]) if len(x) - half > 1 else 0.0


def _rate(started: list[NDArray[np.float64]]) -> float:
    spans = sum(take[-1] - take[0] for take in started)
    return float(sum(len(take) - 1 for take in started) / spans)


def _wait_ticks(tables: list[Any], rate_hz: float) -> int | None:
    """Slots between the last frame of a take and the first of the next, without the one of SAVE."""
    gaps = [
        round((after["due"][0].as_py() - before["due"][-1].as_py()) * rate_hz) - 1
        for before, after in pairwise(tables)
    ]
    return max(gaps) if gaps else None


def _of_recorder(usage: dict[str, Usage], what: str) -> Iterator[float]:
    for kind, used in usage.items():
        if kind in _MEASURED:
            yield getattr(used, what)


def _cpu_ms(during: list[tuple[float, dict[str, Usage]]], kind: str) -> float:
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
