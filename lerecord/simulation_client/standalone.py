"""`lerecord sim`: the simulated rig alone, demonstrating over and over, for any program."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lerecord.commands import command
from lerecord.config import SIMULATED, ConfigFile, HardwareConfig, find_config, load_config
from lerecord.printable import print_line
from lerecord.processes import ChildProcess
from lerecord.simulation_client.simulated import faults_told, opening
from lerecord.simulator.messages import (
    EVENTS,
    Begin,
    StagePhase,
    TellTruth,
    Truth,
    Up,
    command_message,
)

_START_TIMEOUT_S = 15.0
_TRUTH_TIMEOUT_S = 5.0
_LEADER_NEVER_RESTS = 1000.0  # units: nothing can be told from how far it is from the follower


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulated rig of its own.

    Attributes:
        process: which runs it.
        places: name to port or device.
        config: with these places in it.
    """

    process: ChildProcess
    places: Mapping[str, str]
    config: HardwareConfig

    def place_box(self, times: int) -> None:
        """Put the box to its next place, so many times."""
        for _ in range(times):
            self.process.send(command_message(Begin(StagePhase.RESET)))

    def box_is_on_target(self) -> bool:
        """Whether the box stands on its target now."""
        self.process.send(command_message(TellTruth()))
        truth: Truth = EVENTS.read(self.process.wait_for("truth", _TRUTH_TIMEOUT_S))
        return truth.box_on_target


@contextmanager
def simulator(
    config: HardwareConfig,
    seed: int | None = None,
    faults: Path | None = None,
    demonstrates: bool = True,
) -> Iterator[Simulator]:
    """The arms and the cameras of a config for the length of the block.

    Args:
        config: whose places the simulator takes.
        seed: of the box's places.
        faults: a file of what it injects.
        demonstrates: over and over; else nobody is at the leader.

    Raises:
        LerecordError: it does not start.
    """
    looping = ["--loop"] if demonstrates else []
    with ChildProcess("simulator", *looping) as child:
        child.send(opening(config, seed, faults).to_message())
        up: Up = EVENTS.read(child.wait_for("up", _START_TIMEOUT_S))
        reached = config.reached_at(up.ports, up.cameras)
        yield Simulator(child, {**up.ports, **up.cameras}, reached)


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
