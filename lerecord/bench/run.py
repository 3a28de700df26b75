"""`lerecord bench`: the real recorder under a load that needs no hardware, and what it cost.

The arms are the simulated ones, which move all the time; the images are encoded to JPEG
beforehand and played by the `file` camera driver, so that making them costs nothing while the
recorder is measured.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lerecord.bench.clip import clip_of
from lerecord.bench.figures import Look, Result, measured
from lerecord.bench.load import Load
from lerecord.bench.meter import Meter
from lerecord.config import SIMULATED, ConfigFile, find_config, load_config
from lerecord.errors import LerecordError
from lerecord.priority import after_all_others
from lerecord.processes import environment, lerecord
from lerecord.simulation_client import fill_in_places, simulator

_LOOK_S = 0.25


def bench(load: Load, options: Sequence[str] = ()) -> Result:
    """Run it, with further options of `lerecord record`, and measure what it cost.

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
            outcome, looks = _record(folder, hardware, load, options)
        return measured(Path(outcome["dataset"]), outcome, looks, clip)


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
    folder: Path, hardware: Path, load: Load, options: Sequence[str]
) -> tuple[dict[str, Any], list[Look]]:
    """Run the recorder as a user does, and look at its processes all the time."""
    process = subprocess.Popen(
        [
            *lerecord(),
            *("--task", "bench", "--hardware", str(hardware), "--dataset", str(folder / "takes")),
            *("--episodes", str(load.takes), "--episode-time", str(load.seconds)),
            *("--reset-time", "0", "--json", *options),
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
    return json.loads(output), looks


def _watch(process: subprocess.Popen[str]) -> list[Look]:
    """Look at its family until it ends."""
    meter, looks = Meter(process.pid), []
    while process.poll() is None:
        looks.append((time.monotonic(), meter.look()))
        time.sleep(_LOOK_S)
    return looks
