"""The simulated rig as the recorder sees it: where it is reached, and an operator of its own."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path
from types import TracebackType

from lerecord.config import SIMULATED_PLACE, HardwareConfig, SimulatorConfig
from lerecord.errors import ConfigError, LerecordError
from lerecord.printable import print_line
from lerecord.processes import ChildProcess
from lerecord.recording.session import Command, Phase
from lerecord.simulator.messages import (
    EVENTS,
    Begin,
    Done,
    InjectedFaults,
    Opening,
    Ready,
    SimulatedCamera,
    StagePhase,
    TellTruth,
    Truth,
    Up,
    command_message,
)
from lerecord.simulator.messages import Command as SimulatorCommand

_START_TIMEOUT_S = 15.0
_LAST_WORD_TIMEOUT_S = 5.0
_PHASES = {
    Phase.RESETTING: StagePhase.RESET,
    Phase.RECORDING: StagePhase.RECORD,
    Phase.PAUSED: StagePhase.IDLE,
}
_UNDECIDED = (Phase.ASKING, Phase.CONFIRMING)
"""In which it is not known yet what becomes of the take."""


class Script(Enum):
    """What the simulated person does in a session."""

    DEMONSTRATION = auto()
    ROLLOUT = auto()  # watches a policy until the task is done
    BY_HAND = auto()  # teaches with the follower, when asked to, and puts the box back


_SCRIPTS: Mapping[Script, Mapping[Phase, StagePhase]] = {
    Script.DEMONSTRATION: _PHASES,
    Script.ROLLOUT: _PHASES | {Phase.RECORDING: StagePhase.WATCH, Phase.DRIVING: StagePhase.WATCH},
    Script.BY_HAND: {Phase.RESETTING: StagePhase.AGAIN, Phase.RECORDING: StagePhase.IDLE},
}


def opening(config: HardwareConfig, seed: int | None, faults: Path | None) -> Opening:
    """What the simulator is to be: the cameras of a config, and a file of faults."""
    cameras = [
        SimulatedCamera(
            camera.device.removeprefix(SIMULATED_PLACE), camera.width, camera.height, camera.fps
        )
        for camera in config.cameras.values()
        if camera.device.startswith(SIMULATED_PLACE)
    ]
    return Opening(seed, tuple(cameras), _rig(config), faults, pairs=_pairs(config))


def _pairs(config: HardwareConfig) -> tuple[str, ...]:
    """What the places of the simulated arms begin with: "left" of sim:left_leader."""
    arms = [arm for pair in config.arms.values() for arm in pair.roles.values()]
    places = [arm.place for arm in arms if arm.place.startswith(SIMULATED_PLACE)]
    simulated = [place.removeprefix(SIMULATED_PLACE) for place in places]
    return tuple(dict.fromkeys(each.rpartition("_")[0] for each in simulated)) or ("",)


def _rig(config: HardwareConfig) -> str:
    """The kind of the simulated arms: what the config says, or else their driver."""
    if config.simulator is not None and config.simulator.arms is not None:
        return config.simulator.arms
    pairs = config.arms.values()
    arms = [arm for pair in pairs for arm in pair.roles.values()]
    kinds = {arm.driver for arm in arms if arm.place.startswith(SIMULATED_PLACE)}
    if len(kinds) > 1:
        raise ConfigError(
            f"The simulated arms are of one kind, and the hardware config has "
            f"{' and '.join(sorted(kinds))}: give all of them the same driver."
        )
    return kinds.pop() if kinds else "koch"


def faults_told(child: ChildProcess) -> str:
    """End the input of a simulator that has faults; what it injected, in a sentence."""
    child.end_input()
    injected: InjectedFaults = EVENTS.read(child.wait_for("faults", _LAST_WORD_TIMEOUT_S))
    told = [
        f"{place} {fault} {count}"
        for place, faults in injected.counts.items()
        for fault, count in faults.items()
    ]
    return f"Injected faults: {', '.join(told) or 'none'}."


class SimulatedRig:
    """Runs the simulator beside the recorder; its demonstrator saves each take when it is done.

    When nobody is at the keys it also starts each take, as soon as the scene is ready.

    Args:
        config: of the rig.
        simulator: its own part of it.
        seed: of the box's places.
        attended: somebody is at the keys.
        script: what the simulated person does.
    """

    def __init__(
        self,
        config: HardwareConfig,
        simulator: SimulatorConfig,
        seed: int | None,
        attended: bool,
        script: Script = Script.DEMONSTRATION,
    ) -> None:
        seed = simulator.seed if seed is None else seed
        self._attended = attended
        self._ready = False
        self._done = False
        self._phase: Phase | None = None
        self._asked = 0
        self._stood: list[bool] = []
        self._found: bool | None = None
        self._script = script
        self._faults = None if simulator.faults is None else Path(simulator.faults)
        self._child = ChildProcess("simulator")
        self._child.send(opening(config, seed, self._faults).to_message())
        self._unresolved = config

    def wait_until_up(self) -> HardwareConfig:
        """The config with the ports and devices at which the simulator now answers."""
        up: Up = EVENTS.read(self._child.wait_for("up", _START_TIMEOUT_S))
        return self._unresolved.reached_at(up.ports, up.cameras)

    def poll(self) -> Command | None:
        """GO when the scene is ready and nobody else decides, SAVE when the task is done.

        After a rollout, whether the box stands on the target. By hand it is the person who teaches
        who says so.
        """
        for event in map(EVENTS.read, self._child.poll()):
            match event:
                case Ready():
                    self._ready = True
                case Done():
                    self._done = True
                case Truth():
                    self._stood.append(event.box_on_target)
                    self._found = event.box_on_target
        if self._script is Script.BY_HAND:
            return None
        is_rollout = self._script is Script.ROLLOUT
        if is_rollout and self._found is not None and self._phase not in _UNDECIDED:
            found, self._found = self._found, None
            return Command.FOUND_DONE if found else Command.FOUND_UNDONE
        if self._phase in (Phase.RECORDING, Phase.DRIVING) and self._done:
            return Command.SAVE
        if self._phase is Phase.RESETTING and self._ready and not self._attended:
            return Command.GO
        return None

    def enter(self, phase: Phase) -> None:
        """Tell the demonstrator what is due now; at the end of a take, ask where the box is."""
        if self._phase is Phase.RECORDING:
            self._send(TellTruth())
            self._asked += 1
        self._phase = phase
        self._ready = self._done = False
        if phase in _SCRIPTS[self._script]:
            self._send(Begin(_SCRIPTS[self._script][phase]))

    def correct(self) -> None:
        """Let the demonstrator bring the leader to the follower, and then do the task."""
        self._send(Begin(StagePhase.CORRECT))

    @property
    def is_ready(self) -> bool:
        """The scene is set up for the next take."""
        return self._ready

    @property
    def is_done(self) -> bool:
        """The task is done."""
        return self._done

    def guide(self) -> None:
        """Let a hand take the follower, and do the task with it once it is limp."""
        self._done = False
        self._send(Begin(StagePhase.GUIDE))

    def put_back(self) -> None:
        """Take the hand away, and put the box back to where it lay."""
        self._ready = self._done = False
        self._send(Begin(StagePhase.AGAIN))

    def watch(self) -> None:
        """Let the demonstrator take its hands off, until the task is done."""
        self._send(Begin(StagePhase.WATCH))

    def box_on_target(self) -> list[bool]:
        """Of each take, whether the box stood on the target at its end."""
        with suppress(LerecordError):  # it has died, which is told elsewhere
            while len(self._stood) < self._asked:
                truth: Truth = EVENTS.read(self._child.wait_for("truth", _LAST_WORD_TIMEOUT_S))
                self._stood.append(truth.box_on_target)
        return self._stood

    def _send(self, command: SimulatorCommand) -> None:
        self._child.send(command_message(command))

    def __enter__(self) -> "SimulatedRig":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._child.running and kind is None:
            print_line(f"The simulator had ended: {self._child.complaint()}", sys.stderr)
        elif self._faults is not None and kind is None:
            print_line(faults_told(self._child), sys.stderr)
        self._child.close(timeout_s=2.0)
