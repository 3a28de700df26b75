"""`lerecord sim`: the simulated rig alone, demonstrating over and over, for any program."""

import time
from collections.abc import Mapping
from pathlib import Path

from lerecord import config as configs
from lerecord.recording.child import ChildProcess
from lerecord.recording.simulated import faults_told, first_line

_START_TIMEOUT_S = 15.0


def run_simulator(write: Path | None, seed: int | None, faults: Path | None) -> None:
    """Run it until it is interrupted.

    Args:
        write: gets a hardware TOML that reaches it.
        seed: of the box's places.
        faults: a file of what it injects; what it has injected is told at the end.
    """
    path = configs.find(configs.SIMULATED)
    config = configs.load(path)
    with ChildProcess("lerecord.simulator.server", "--loop") as child:
        child.send(first_line(config, seed, faults))
        up = child.wait_for("up", _START_TIMEOUT_S)
        places = {**up["ports"], **up["cameras"]}
        for name, place in places.items():
            print(f"{name:10s} {place}")
        if write is not None:
            write.write_text(_reaching(path, places), encoding="utf-8")
            print(f'lerecord --hardware {write} --task "..." records it; Ctrl-C ends it.')
        try:
            while child.running:
                child.poll()
                time.sleep(0.1)
        finally:
            if faults is not None:
                print(faults_told(child))


def _reaching(path: Path, places: Mapping[str, str]) -> str:
    """The packaged config with the places filled in, and its calibrations by absolute path."""
    text = path.read_text(encoding="utf-8")
    for name, place in places.items():
        text = text.replace(f'"sim:{name}"', f'"{place}"')
    text = text.replace('"calibration/', f'"{path.parent.resolve()}/calibration/')
    return text.replace("[simulator]", "[simulator]\nstart = false", 1)
