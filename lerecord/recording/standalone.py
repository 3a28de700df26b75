"""`lerecord sim`: the simulated rig alone, demonstrating over and over, for any program."""

import time
from collections.abc import Mapping
from pathlib import Path

from lerecord import config as configs
from lerecord.recording.child import ChildProcess

_START_TIMEOUT_S = 15.0


def run_simulator(write: Path | None, seed: int | None) -> None:
    """Run it until it is interrupted; with `write`, a hardware TOML that reaches it is written."""
    path = configs.find(configs.SIMULATED)
    config = configs.load(path)
    with ChildProcess("lerecord.simulator.server", "--loop") as child:
        cameras = {
            name: {"width": camera.width, "height": camera.height, "fps": camera.fps}
            for name, camera in config.cameras.items()
        }
        child.send({"seed": seed, "cameras": cameras})
        up = child.wait_for("up", _START_TIMEOUT_S)
        places = {**up["ports"], **up["cameras"]}
        for name, place in places.items():
            print(f"{name:10s} {place}")
        if write is not None:
            write.write_text(_reaching(path, places), encoding="utf-8")
            print(f'lerecord --hardware {write} --task "..." records it; Ctrl-C ends it.')
        while child.running:
            child.poll()
            time.sleep(0.1)


def _reaching(path: Path, places: Mapping[str, str]) -> str:
    """The packaged config with the places filled in, and its calibrations by absolute path."""
    text = path.read_text(encoding="utf-8")
    for name, place in places.items():
        text = text.replace(f'"sim:{name}"', f'"{place}"')
    text = text.replace('"calibration/', f'"{path.parent.resolve()}/calibration/')
    return text.replace("[simulator]", "[simulator]\nstart = false", 1)
