"""A simulated rig of one's own: its process, and the config that reaches it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lerecord.config import HardwareConfig
from lerecord.processes import ChildProcess
from lerecord.simulation_client.simulated import opening
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
