"""Who drives a session that records: a person at the leaders, or whoever else knows how."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from lerecord.config import HardwareConfig
from lerecord.control import Handover, Leader, Rig, Setup
from lerecord.policy import PolicyFigures
from lerecord.recording.recorder import Recorder
from lerecord.recording.session import Command, Driving, FanOut, Operator
from lerecord.simulation_client import Script, SimulatedRig
from lerecord.ui.terminal import RECORDING_KEYS


@dataclass(frozen=True, slots=True)
class Opened:
    """What is open when whoever drives is called; no arm is connected yet.

    Attributes:
        rig: that is driven.
        config: with the places at which it is reached.
        recorder: of its frames, with the cameras.
        simulated: the rig's other end, where it is a simulated one.
        listeners: of the session.
        stack: closes what is opened.
    """

    rig: Rig
    config: HardwareConfig
    recorder: Recorder
    simulated: SimulatedRig | None
    listeners: FanOut
    stack: ExitStack


@dataclass(frozen=True, slots=True)
class Driven:
    """Whoever drives.

    Attributes:
        driving: as the session knows it.
        operators: those of it who are told the phases, and may ask for something.
        figures: how a policy has driven, where one has.
    """

    driving: Driving
    operators: tuple[Operator, ...] = ()
    figures: Callable[[], PolicyFigures | None] = lambda: None


def _lead(opened: Opened) -> Driven:
    return Driven(Handover(Leader(), opened.rig.bounds, opened.rig.reachable))


@dataclass(frozen=True, slots=True)
class WhoDrives:
    """Who drives, and what a session needs for it.

    Attributes:
        cast: makes whoever drives.
        keys: name of a key to what it asks for.
        catching_up: what is said when a take is asked for and the follower is not there yet.
        leaders: the leaders are connected.
        records: takes are recorded; else it only drives.
        rollouts: the takes are rollouts of a policy.
        script: what the person of a simulated rig does.
    """

    cast: Callable[[Opened], Driven] = _lead
    keys: Mapping[str, Command] = field(default_factory=lambda: RECORDING_KEYS)
    catching_up: str = "The take starts as soon as the follower has caught up with the leader."
    leaders: bool = True
    rollouts: bool = False
    script: Script = Script.DEMONSTRATION
    records: bool = True

    @contextmanager
    def placed(self, setup: Setup) -> Iterator[Setup]:
        """The setup, with a folder that does not stay where nothing is recorded.

        The cameras' processes need one even then: the policy looks through them.
        """
        if self.records:
            yield setup
            return
        with TemporaryDirectory(prefix="lerecord-") as folder:
            yield replace(setup, root=Path(folder) / "unrecorded")


LEADERS = WhoDrives()
"""A person at the leaders."""
