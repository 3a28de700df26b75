"""What a rig asks of an arm."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lerecord.arms.calibration import Calibration
from lerecord.arms.units import Units
from lerecord.frame import Motion
from lerecord.motors import NORMAL, BusCounters, Motor, MotorBus, Retry


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """What a hardware config says about one arm.

    Attributes:
        name: of the arm in messages, such as "main follower".
        port: path of its serial port.
        baud: bits a second.
        limits: joint name to (lowest, highest) goal in the config's units; only for followers.
        retry: patience for each read while recording.
        write_calibration: write the calibration also into servos that hold another one.
        python: an interpreter that the driver runs; None where it runs none.
        options: what else the driver is told, as its own documentation says.
    """

    name: str
    port: str
    baud: int = 1_000_000
    limits: Mapping[str, Sequence[float]] = field(default_factory=dict)
    retry: Retry = NORMAL
    write_calibration: bool = False
    python: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What no config makes a kind of arm exceed, in the units of a config, gripper or joint.

    Attributes:
        max_speed: units a second while it follows.
        ramp_speed: units a second while it catches up and while it parks.
        align_tolerance: units from the leader at which it may begin to follow at full speed.
        step: units from one goal to the next, whatever the rate.
    """

    max_speed: float
    ramp_speed: float
    align_tolerance: float
    step: float


@dataclass(frozen=True, slots=True)
class ArmIdentity:
    """What makes an arm the same arm to a dataset; one entry a joint in each field."""

    joints: tuple[str, ...]
    ids: tuple[int, ...]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PluginIdentity:
    """What makes an arm whose servos are not known the same arm to a dataset.

    Attributes:
        joints: as of every arm.
        plugin: what drives it.
        version: of the package that it comes from.
        options: a hash of those that it is given, but for where the arm is.
    """

    joints: tuple[str, ...]
    plugin: str
    version: str
    options: str


class Leader(Protocol):
    """An arm that a person moves. Positions are (D,), one a joint, in the units of the config."""

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints, in the order of every array."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the joints' columns in a dataset: `shoulder_pan.pos`."""

    @property
    def identity(self) -> ArmIdentity | PluginIdentity:
        """Its servos, or the plug-in that knows them."""

    @property
    def calibration(self) -> dict[str, dict[str, int]]:
        """Its calibration, for the record."""

    @property
    def counters(self) -> BusCounters:
        """What its bus has seen; only ever counted up."""

    @property
    def caution(self) -> str | None:
        """Which servo is about to switch itself off, in words; None when none is, or nobody knows.

        The same words for as long as it lasts.
        """

    def examine(self) -> None:
        """Open the port, check every servo and the calibration that it holds, and close the port.

        Nothing moves, and no EEPROM is written. Raises a LerecordError, closed again.
        """

    def write_set_up(self) -> None:
        """Write its calibration and all else that its servos keep, and close the port.

        Torque goes off, and whatever calibration they hold is written over.
        """

    def connect(self) -> None:
        """Examine the arm and set it up; the port stays open. Raises a LerecordError, closed again.

        A rig examines all its arms before it connects the first.
        """

    def disconnect(self) -> None:
        """Close the port. A leader's torque goes off, a follower's stays. Twice is allowed."""

    def ask(self) -> None:
        """Send for the positions that the next `read` then takes; raises nothing.

        A rig asks all its arms before it reads the first, so that their buses work at once.
        """

    def read(self) -> NDArray[np.float32]:
        """Measured positions (D,); raises BusError, never a made-up value."""


class Follower(Leader, Protocol):
    """An arm that goes where it is told."""

    @property
    def ceiling(self) -> Ceiling:
        """What no config makes it exceed; `command` keeps to its step by itself."""

    @property
    def motion(self) -> Motion | None:
        """What came with the last positions that were read; None when it does not measure that."""

    def command(self, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """Tell it to go to a goal (D,), at most max_step units from the last goal in any joint.

        Returns:
            The goal that was sent, after every limit (D,). It is not rounded to encoder counts:
            the servo gets the nearest count, but the next step starts here, so that a slow motion
            of less than a count a step does move.

        Raises:
            BusError: it was not sent; the last goal still stands.
            ValueError: the goal is not finite or not one a joint.
        """

    def park(self, pose: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """As `command`, but the pose is one in which it was found: no limit keeps it from there.

        Torque goes off at its end, and an arm that does not get there would drop.
        """

    def reachable(self, goal: ArrayLike) -> NDArray[np.float64]:
        """The nearest goal (D,) that its calibrated range and its limits allow."""

    @property
    def goes_limp(self) -> bool:
        """It can be let go joint by joint, and held again where it then is."""

    def loosen(self, joints: Sequence[str]) -> None:
        """Let these joints of an arm that is held go limp, and no others; raises BusError."""

    def hold_here(self) -> None:
        """Hold every joint where it is now; the first goal starts there.

        Raises:
            LerecordError: it cannot be held there; it is as limp as before.
        """

    def release(self) -> None:
        """Torque off: the arm sinks. Every servo is tried before an error is raised."""


class ArmDriver(Protocol):
    """What the names `Leader` and `Follower` in a driver's module stand for.

    Attributes:
        motors: servos of such an arm, one a joint; none where a plug-in knows them.
        calibration_names: LeRobot's folders for such an arm, such as "robots/koch_follower".
        turning_joints: those that go all the way round, whose range is a whole turn.
        mirrored_joints: those whose servo is to count the other way (Drive_Mode 1).
    """

    motors: tuple[Motor, ...]
    calibration_names: tuple[str, ...]
    turning_joints: tuple[str, ...]
    mirrored_joints: tuple[str, ...]

    def __call__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> Leader:
        """Make the arm; it is not connected yet. Without a bus, that on its port is used."""
