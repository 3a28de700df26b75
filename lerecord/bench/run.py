"""`lerecord bench`: the real recorder under a load that needs no hardware, and what it cost.

The arms are the simulated ones, which move all the time; the images are encoded to JPEG
beforehand and played by the `file` camera driver, so that making them costs nothing while the
recorder is measured.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow.ipc
from numpy.typing import NDArray

from lerecord.bench.meter import Meter, Usage
from lerecord.config import SIMULATED, ConfigFile, find_config, load_config
from lerecord.dataset.format import layout
from lerecord.dataset.video import facts_of, frames_of, yuv_of
from lerecord.errors import ConfigError, LerecordError
from lerecord.jpeg import decode
from lerecord.printable import print_json, print_line
from lerecord.priority import after_all_others
from lerecord.processes import environment, lerecord
from lerecord.simulation_client import fill_in_places, simulator

_CLIP_PICTURES = 60
_JPEG = (
    *(cv2.IMWRITE_JPEG_QUALITY, 90),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
)
_CELLS = (4, 8, 16, 32, 64, 128)  # pixels: sizes of what is seen
_NOISE = 4.0  # grey levels of a webcam's sensor indoors
_LOOK_S = 0.25
_COMPARED = 20  # images of which the quality is measured
_MEASURED = "control", "camera", "writer"  # processes of the recorder


@dataclass(frozen=True, slots=True)
class Load:
    """What is recorded: cameras of one size and rate, takes of some seconds."""

    cameras: int
    fps: int
    width: int
    height: int
    seconds: float
    takes: int
    seed: int = 0


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


def size_of(text: str) -> tuple[int, int]:
    """Width and height from "640x480".

    Raises:
        ConfigError: it is not of that form.
    """
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) % 2 == int(height) % 2 == 0):
        raise ConfigError(f"The size {text!r} is not two even numbers like 640x480; correct it.")
    return int(width), int(height)


def bench(load: Load, as_json: bool) -> None:
    """Run it and print what it cost; the last line is one flat JSON object when asked for.

    Raises:
        LerecordError: the recorder did not record; its own words are in the sentence.
    """
    with tempfile.TemporaryDirectory(prefix="lerecord-bench-") as name:
        folder = Path(name)
        clip = list(clip_of(load))
        (folder / "clip.mjpeg").write_bytes(b"".join(clip))
        packaged = find_config(SIMULATED)
        arms = load_config(packaged).model_copy(update={"cameras": {}})
        with simulator(arms, load.seed) as rig:
            hardware = _write_hardware(folder, packaged, rig.places, load)
            outcome, looks = _record(folder, hardware, load)
        result = _measured(Path(outcome["dataset"]), outcome, looks, clip)
    if as_json:
        print_json(asdict(result))
        return
    for key, value in asdict(result).items():
        print_line(f"{key:28s} {value:.3f}" if isinstance(value, float) else f"{key:28s} {value}")


def clip_of(load: Load) -> Iterator[bytes]:
    """A textured scene under a moving camera, with a camera's noise.

    Detail of every size, the larger the stronger, as in images of rooms and tables: at 640x480 a
    JPEG of some 60 kB and, recorded with the profile default, 19 kB at 42 dB.
    """
    random = np.random.default_rng(load.seed)
    ground = _textured(load.width + 320, load.height + 320, random)
    noise = random.normal(0, _NOISE, (load.height + 64, load.width + 64, 3))
    for number in range(_CLIP_PICTURES):
        angle = 2 * np.pi * number / _CLIP_PICTURES
        x, y = (int(160 + 120 * turn) for turn in (np.cos(angle), np.sin(2 * angle)))
        scene = ground[y : y + load.height, x : x + load.width].copy()
        dx, dy = random.integers(0, 64, 2)
        scene += noise[dy : dy + load.height, dx : dx + load.width]
        ok, jpeg = cv2.imencode(".jpg", np.clip(scene, 0, 255).astype(np.uint8), _JPEG)
        assert ok
        yield jpeg.tobytes()


def _textured(width: int, height: int, random: np.random.Generator) -> NDArray[np.float64]:
    ground = np.full((height, width, 3), 128.0)
    for cell in _CELLS:
        rows, columns = height // cell + 2, width // cell + 2
        colours = random.uniform(-1, 1, (rows, columns, 3)).astype(np.float32)
        colours = 0.4 * colours + colours.mean(axis=2, keepdims=True)  # brightness varies most
        size = columns * cell, rows * cell
        spread = cv2.resize(colours, size, interpolation=cv2.INTER_CUBIC)
        ground += 1.5 * cell**0.75 * spread[:height, :width]
    return ground


def _write_hardware(folder: Path, packaged: Path, places: Mapping[str, str], load: Load) -> Path:
    """The simulated arms of a config, with the clip as every camera."""
    file = ConfigFile(packaged)
    file.drop(("cameras",))
    fill_in_places(file, places)
    file.put(("fps",), load.fps)
    for number in range(load.cameras):
        camera = {
            "driver": "file",
            "device": str(folder / "clip.mjpeg"),
            "width": load.width,
            "height": load.height,
            "fps": load.fps,
        }
        file.put(("cameras", f"camera_{number}"), camera)
    path = folder / "bench.toml"
    file.write(path)
    return path


def _record(
    folder: Path, hardware: Path, load: Load
) -> tuple[dict[str, Any], list[tuple[float, dict[str, Usage]]]]:
    """Run the recorder as a user does, and look at its processes all the time."""
    process = subprocess.Popen(
        [
            *lerecord(),
            *("--task", "bench", "--hardware", str(hardware), "--dataset", str(folder / "takes")),
            *("--episodes", str(load.takes), "--episode-time", str(load.seconds)),
            *("--reset-time", "0", "--json"),
        ],
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    looks = after_all_others(lambda: _watch(process))
    output, errors = process.communicate()
    if process.returncode != 0:
        raise LerecordError(f"The recorder did not record: {errors.strip()}")
    return json.loads(output.splitlines()[-1]), looks


def _watch(process: subprocess.Popen[str]) -> list[tuple[float, dict[str, Usage]]]:
    """Look at its family until it ends."""
    meter, looks = Meter(process.pid), []
    while process.poll() is None:
        looks.append((time.monotonic(), meter.look()))
        time.sleep(_LOOK_S)
    return looks


def _measured(
    root: Path,
    outcome: dict[str, Any],
    looks: list[tuple[float, dict[str, Usage]]],
    clip: list[bytes],
) -> Result:
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
