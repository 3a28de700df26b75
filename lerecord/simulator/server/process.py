"""The simulator's process: a stage, its servo ports, its cameras, and JSON lines to steer it."""

import os
import secrets
import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lerecord.errors import ConfigError
from lerecord.priority import Realtime, ask_for_realtime
from lerecord.simulator.faults import Rules, load, parse
from lerecord.simulator.messages import (
    Begin,
    Done,
    Event,
    Inject,
    Opening,
    Ready,
    SimulatedCamera,
    StagePhase,
    TellFaults,
    TellTruth,
    Up,
    command_of,
)
from lerecord.simulator.ports import Ports
from lerecord.simulator.rigs import RIGS
from lerecord.simulator.scene import CAMERAS
from lerecord.simulator.server.camera_child import CameraChild
from lerecord.simulator.server.pace import cores, too_slow
from lerecord.simulator.server.stage import Stage
from lerecord.simulator.server.stages import Stages, place_of

PAIRS = frozenset({"", "left", "right"})
_BETWEEN_DEMONSTRATIONS_S = 1.0
_READ_BYTES = 65536
_SMALLEST = 80  # pixels a side: the strip needs two for each of its forty cells


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """What the first line asks for; `seed` null there draws a new one.

    Attributes:
        seed: of the world.
        cameras: to be served.
        faults: rules of what fails, of the file under `faults`.
        log: file that gets a line for each request: time, arm, what its encoders read.
        rig: which arms there are, by the name of their driver.
        pairs: names of the pairs of arms.
    """

    seed: int
    cameras: tuple[SimulatedCamera, ...]
    faults: Rules
    log: Path | None
    rig: str
    pairs: tuple[str, ...]


def parse_config(line: str) -> SimulatorConfig:
    """The first line; raises ConfigError when it does not say what is needed."""
    opening = Opening.from_line(line)
    for camera in opening.cameras:
        _check(camera, opening.pairs)
    if not opening.pairs or not set(opening.pairs) <= PAIRS:
        raise ConfigError(
            f"The simulator has no pairs {', '.join(opening.pairs)}; call two pairs left and right."
        )
    if opening.rig not in RIGS:
        raise ConfigError(
            f"The simulator has no arms {opening.rig!r}; it has {' and '.join(RIGS)}."
        )
    return SimulatorConfig(
        seed=secrets.randbits(32) if opening.seed is None else opening.seed,
        cameras=opening.cameras,
        faults=Rules() if opening.faults is None else load(opening.faults),
        log=opening.log,
        rig=opening.rig,
        pairs=opening.pairs,
    )


def _check(camera: SimulatedCamera, pairs: Sequence[str]) -> None:
    known = [place_of(pair, view) for pair in pairs for view in CAMERAS]
    if camera.name not in known:
        raise ConfigError(
            f"The simulator has no camera {camera.name!r}; it has {' and '.join(known)}."
        )
    if min(camera.width, camera.height) < _SMALLEST or camera.fps <= 0.0:
        raise ConfigError(
            f"The simulated camera {camera.name} cannot give {camera.width}x{camera.height} "
            f"images at {camera.fps:g} fps; give it at least {_SMALLEST}x{_SMALLEST} and a rate."
        )


class Lines:
    """Lines from a file descriptor, as they come; never waits longer than asked."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self.ended = False

    def read(self, timeout_s: float | None, others: Sequence[int] = ()) -> Iterator[str]:
        """Lines that have arrived by then; sets `ended` at end of file.

        It returns early, too, when one of the other descriptors has something to read.
        """
        ready, _, _ = select.select([self._descriptor, *others], [], [], timeout_s)
        if self._descriptor in ready:
            data = os.read(self._descriptor, _READ_BYTES)
            self.ended = not data
            self._buffer += data
        *whole, self._buffer = self._buffer.split(b"\n")
        for line in whole:
            yield line.decode("utf-8", "replace")


class Script:
    """What comes after what: commands from the parent, or demonstrations without end.

    Args:
        stage: to play on.
        tell: tells the parent an event.
        loop: True to go on by itself.
        now: clock of the stage.
        wake: called when there are new faults.
    """

    def __init__(
        self,
        stage: Stage | Stages,
        tell: Callable[[Event], None],
        loop: bool,
        now: Callable[[], float] = time.monotonic,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._stage = stage
        self._wake = wake
        self._tell = tell
        self._loop = loop
        self._now = now
        self._next = (now(), StagePhase.RESET) if loop else None

    def wait_s(self) -> float | None:
        """Seconds until something is due; None when nothing is."""
        waits = [self._stage.until_over()]
        if self._next is not None:
            waits.append(max(self._next[0] - self._now(), 0.0))
        return min((wait for wait in waits if wait is not None), default=None)

    def step(self) -> None:
        """Tell what happened; begin what is due."""
        event = self._stage.poll()
        if event is not None:
            self._tell(event)
        if isinstance(event, Ready):
            self._follow_with(StagePhase.RECORD, 0.0)
        elif isinstance(event, Done):
            self._follow_with(StagePhase.RESET, _BETWEEN_DEMONSTRATIONS_S)
        if self._next is not None and self._now() >= self._next[0]:
            (_, phase), self._next = self._next, None
            self._stage.begin(phase)

    def obey(self, line: str) -> None:
        """Do what a line says; a line that says nothing known is named on stderr."""
        command = command_of(line)
        match command:
            case Begin(phase):
                self._next = None
                self._stage.begin(phase)
            case TellTruth():
                self._tell(self._stage.truth())
            case TellFaults():
                self._tell(self._stage.injected())
            case Inject(faults):
                self._inject(faults)
            case None:
                said = f"The simulator does not know the line {line!r}."
                print(said, file=sys.stderr, flush=True)

    def _inject(self, faults: Any) -> None:
        try:
            self._stage.inject(None if faults is None else parse(faults))
        except ConfigError as error:
            print(error, file=sys.stderr, flush=True)
        self._wake()

    def _follow_with(self, phase: StagePhase, after_s: float) -> None:
        if self._loop:
            self._next = (self._now() + after_s, phase)


def run(descriptor: int, tell: Callable[[Event], None], loop: bool) -> None:
    """Serve until the descriptor's end of file.

    Raises ConfigError for a bad first line or cameras that are too fast for this machine, and
    DeviceError when a camera's process dies.
    """
    lines = Lines(descriptor)
    first: list[str] = []
    while not first and not lines.ended:
        first += lines.read(None)
    if not first:
        return
    config = parse_config(first[0])
    with ExitStack() as stack:
        log = None if config.log is None else stack.enter_context(config.log.open("w", buffering=1))
        write = None if log is None else log.write
        stage = Stages(config.pairs, config.seed, time.monotonic, config.faults, write, config.rig)
        ports = Ports(time.monotonic)
        wires = stage.buses()
        paths = {arm: ports.add_terminal(wire, arm, wire) for arm, wire in wires.items()}
        cameras = _cameras(config, stage, ports, stack)
        stack.enter_context(ports)
        urls = {name: camera.url() for name, camera in cameras.items()}
        if slow := too_slow({name: each.needed for name, each in cameras.items()}, cores()):
            raise ConfigError(slow)
        tell(Up(paths, urls))
        script = Script(stage, tell, loop, wake=ports.wake)
        for line in first[1:]:
            script.obey(line)
        _play(script, lines, list(cameras.values()))
        if config.faults != Rules():
            tell(stage.injected())


def _cameras(
    config: SimulatorConfig, stage: Stages, ports: Ports, stack: ExitStack
) -> dict[str, CameraChild]:
    """A process for each camera, ended by the stack."""
    return {
        camera.name: stack.enter_context(
            CameraChild(camera, config.seed, ports.add_socket(stage.sight(camera.name)))
        )
        for camera in config.cameras
    }


def _play(script: Script, lines: Lines, cameras: Sequence[CameraChild]) -> None:
    """Do what the lines ask, until they end.

    It shares a lock with the thread that answers for the servos, and must not be kept from letting
    go of it by a client that spins on every processor until they have answered.
    """
    ask_for_realtime(Realtime.SIMULATED_SERVOS)
    alive = [camera.fileno() for camera in cameras]
    while not lines.ended:
        for line in lines.read(script.wait_s(), alive):
            script.obey(line)
        script.step()
        for camera in cameras:
            camera.check()
