"""`lerecord sim`: the simulated rig alone, demonstrating over and over, for any program."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

from lerecord.commands import command
from lerecord.config import SIMULATED, ConfigFile, find_config, load_config
from lerecord.printable import print_line
from lerecord.simulation_client.running import simulator
from lerecord.simulation_client.simulated import faults_told

_LEADER_NEVER_RESTS = 1000.0  # units: nothing can be told from how far it is from the follower


def run_simulator(write: Path | None, seed: int | None, faults: Path | None) -> None:
    """Run it until it is interrupted.

    Args:
        write: gets a hardware TOML that reaches it.
        seed: of the box's places.
        faults: a file of what it injects; what it has injected is told at the end.
    """
    path = find_config(SIMULATED)
    with simulator(load_config(path), seed, faults) as running:
        for name, place in running.places.items():
            print_line(f"{name:10s} {place}")
        if write is not None:
            file = ConfigFile(path)
            fill_in_places(file, running.places)
            file.write(write)
            record = command("--hardware", write.absolute(), "--task", "...")
            print_line(f"{record} records it; Ctrl-C ends it.")
        sys.stdout.flush()  # whoever reads it from a pipe waits for it
        try:
            while running.process.running:
                running.process.poll()
                time.sleep(0.1)
        finally:
            if faults is not None:
                print_line(faults_told(running.process))


def fill_in_places(file: ConfigFile, places: Mapping[str, str]) -> None:
    """Let a simulated rig's config reach a running simulator, from wherever the file will be.

    Raises:
        ConfigError: it names a place that the simulator has not.
    """
    folder = file.source.parent.resolve()
    reached = file.config.reached_at(places, places)
    for name, pair in reached.arms.items():
        for role, arm in pair.roles.items():
            file.put(("arms", name, role, "port"), arm.port)
            file.put(("arms", name, role, "calibration"), str(folder / arm.calibration))
    for name, camera in reached.cameras.items():
        file.put(("cameras", name, "device"), camera.device)
    file.put(("simulator", "start"), value=False)
    file.put(("safety", "max_drift"), _LEADER_NEVER_RESTS)
