"""What a simulator and whoever started it say to each other, as JSON lines.

docs/reference/simulator.md shows the lines; the words are read and written here and nowhere else.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from lerecord.errors import ConfigError
from lerecord.processes import Message, Vocabulary


class StagePhase(StrEnum):
    """What happens on the stage.

    In WATCH nobody moves the leader, and the demonstration is over when the box lies on its target;
    in CORRECT the leader is first brought to the follower. In GUIDE the hand is on the follower,
    which it moves as far as it is limp; AGAIN puts the box back to where it lay before.
    """

    IDLE = "idle"
    RESET = "reset"
    RECORD = "record"
    WATCH = "watch"
    CORRECT = "correct"
    GUIDE = "guide"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """One camera: its name, its images' size in pixels, images a second."""

    name: str
    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class Opening:
    """The first line: what the simulator is to be.

    Attributes:
        seed: of the world; None draws one.
        cameras: to be served.
        rig: which arms there are, by the name of their driver.
        faults: a file of rules of what fails.
        log: a file that gets a line for each request.
        pairs: names of the pairs of arms; a single one has none.
    """

    seed: int | None
    cameras: tuple[SimulatedCamera, ...]
    rig: str = "koch"
    faults: Path | None = None
    log: Path | None = None
    pairs: tuple[str, ...] = ("",)

    def to_message(self) -> Message:
        """As it goes over the pipe."""
        cameras = {each.name: asdict(each) for each in self.cameras}
        for each in cameras.values():
            del each["name"]
        files = {"faults": self.faults, "log": self.log}
        named = {key: str(path.absolute()) for key, path in files.items() if path is not None}
        rig = {"rig": self.rig, "pairs": list(self.pairs)}
        return {"seed": self.seed, "cameras": cameras, **rig, **named}

    @classmethod
    def from_line(cls, line: str) -> Self:
        """The inverse; raises ConfigError when the line does not say what is needed."""
        try:
            asked = json.loads(line)
            cameras = tuple(
                SimulatedCamera(name, int(each["width"]), int(each["height"]), float(each["fps"]))
                for name, each in asked["cameras"].items()
            )
            seed = None if asked["seed"] is None else int(asked["seed"])
            faults, log = (asked.get(key) and Path(asked[key]) for key in ("faults", "log"))
            pairs = tuple(str(pair) for pair in asked.get("pairs", [""]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"The simulator cannot use its first line ({error!r}); send one such as "
                '{"seed": 0, "cameras": {"front": {"width": 640, "height": 480, "fps": 30}}}.'
            ) from error
        return cls(seed, cameras, str(asked.get("rig", "koch")), faults, log, pairs)


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a phase."""

    phase: StagePhase


@dataclass(frozen=True, slots=True)
class Inject:
    """Put the rules of these tables in force, as a file of faults has them; None ends all."""

    faults: Any


@dataclass(frozen=True, slots=True)
class TellTruth:
    """Say how the world really is."""


@dataclass(frozen=True, slots=True)
class TellFaults:
    """Say what was injected."""


Command = Begin | Inject | TellTruth | TellFaults


def command_message(command: Command) -> Message:
    """A command as it goes over the pipe."""
    match command:
        case Begin(phase):
            return {"phase": phase.value}
        case Inject(faults):
            return {"faults": faults}
        case TellTruth():
            return {"query": "truth"}
        case TellFaults():
            return {"query": "faults"}


def command_of(line: str) -> Command | None:
    """The inverse; None of a line that says nothing known."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    match message:
        case {"phase": str(phase)} if phase in set(StagePhase):
            return Begin(StagePhase(phase))
        case {"query": "truth"}:
            return TellTruth()
        case {"query": "faults"}:
            return TellFaults()
        case {"faults": faults}:
            return Inject(faults)
    return None


@dataclass(frozen=True, slots=True)
class Up:
    """The simulator is ready: arm to serial port, and camera to the URL that serves it."""

    ports: Mapping[str, str]
    cameras: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ready:
    """The leader is home and the box lies in its new place."""


@dataclass(frozen=True, slots=True)
class Done:
    """A demonstration or a correction is over, or the task that is watched is done.

    Attributes:
        box_on_target: True when the box lies on the square.
        box_to_target_m: metres from the box to the middle of the square.
    """

    box_on_target: bool
    box_to_target_m: float


@dataclass(frozen=True, slots=True)
class JointTruth:
    """One servo: its present and its goal position in counts, and its torque."""

    position: int
    goal: int
    torque: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """How the world really is: places in metres, and each joint by its name."""

    box: tuple[float, ...]
    target: tuple[float, ...]
    box_on_target: bool
    leader: Mapping[str, JointTruth]
    follower: Mapping[str, JointTruth]


@dataclass(frozen=True, slots=True)
class InjectedFaults:
    """What was injected so far.

    Attributes:
        counts: arm or camera to fault to how often: replies on the wire, requests that a silent
            servo did not hear, servos that failed, ports that were unplugged, times without images
            from a camera, and its wrong images.
        spoiled: arm to requests of which not every reply came whole and in time.
        noise_bytes: arm to foreign bytes on its wire.
    """

    counts: Mapping[str, Mapping[str, int]]
    spoiled: Mapping[str, int]
    noise_bytes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Failed:
    """Why the simulator ends."""

    message: str


Event = Up | Ready | Done | Truth | InjectedFaults | Failed
EVENTS = Vocabulary(
    "event", up=Up, ready=Ready, done=Done, truth=Truth, faults=InjectedFaults, error=Failed
)


@dataclass(frozen=True, slots=True)
class CameraOpening:
    """What a camera's process is told as its argument.

    Attributes:
        camera: what it serves.
        seed: of its table and noise.
        descriptor: of a socket to the world.
    """

    camera: SimulatedCamera
    seed: int
    descriptor: int


@dataclass(frozen=True, slots=True)
class CameraUp:
    """Where a camera's process serves, and the processor seconds that an image takes."""

    url: str
    image_s: float


CAMERA = Vocabulary("event", open=CameraOpening, up=CameraUp)
