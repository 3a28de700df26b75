"""The driver `lerobot`: an arm that a plug-in of LeRobot drives, in a process of its own.

A Robot is a follower, a Teleoperator a leader. A joint is a float among the plug-in's action
features, in their order; what a Robot measures beside them is left out, and its cameras are not
opened. Servos, calibration and torque are the plug-in's.
"""

import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lerecord.arms.calibration import Calibration
from lerecord.arms.lerobot.plugin import Plugin
from lerecord.arms.limiter import GoalLimiter
from lerecord.arms.protocols import ArmSettings, Ceiling, PluginIdentity
from lerecord.arms.units import Units
from lerecord.errors import ConfigError
from lerecord.frame import Motion
from lerecord.motors import BusCounters, BusError, Motor, MotorBus, PortLostError

_FIRST_S = 10.0  # patience with the first values and the first goal
_AGAIN_S = 2.0  # the same when it is connected again, for which the loop waits
_NO_IDENTITY = ("port", "id", "calibration_dir")
"""Where an arm is, and under which name LeRobot has calibrated it."""


class PluginArm:
    """What leader and follower have in common.

    Args:
        settings: of the arm; its options are those of LeRobot's config for the plug-in.
        calibration: not used: LeRobot has one of its own.
        units: of everything that is read or told.
        bus: not used.

    Raises:
        ConfigError: the settings do not say which plug-in is meant, or LeRobot cannot be started.
    """

    motors: ClassVar[tuple[Motor, ...]] = ()
    calibration_names: ClassVar[tuple[str, ...]] = ()
    turning_joints: ClassVar[tuple[str, ...]] = ()
    mirrored_joints: ClassVar[tuple[str, ...]] = ()
    _role: ClassVar[str]

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        units: Units,
        bus: MotorBus | None = None,
    ) -> None:
        self._settings = settings
        self._units = units
        self._plugin = Plugin(settings, self._role)
        self._has_read = False
        self._first_s = _FIRST_S

    @property
    def joints(self) -> tuple[str, ...]:
        """Names of the values, in the order of every array; of positions without their `.pos`."""
        return tuple(name.removesuffix(".pos") for name in self.features)

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the values as the plug-in has them."""
        return self._plugin.description.features

    @property
    def identity(self) -> PluginIdentity:
        """The plug-in: its servos are not known here."""
        options = json.dumps(_identifying(self._settings.options), sort_keys=True, default=str)
        return PluginIdentity(
            joints=self.joints,
            plugin=self._plugin.kind,
            version=self._plugin.description.version,
            options=hashlib.sha256(options.encode()).hexdigest()[:16],
        )

    @property
    def calibration(self) -> dict[str, dict[str, int]]:
        """The one that LeRobot has loaded."""
        return self._plugin.description.calibration

    @property
    def counters(self) -> BusCounters:
        """What the plug-in was asked, and how it answered."""
        return self._plugin.counters

    @property
    def motion(self) -> Motion | None:
        """Nothing: plug-ins have no common form of it."""
        return None

    @property
    def caution(self) -> None:
        """Not known: plug-ins do not tell how their servos are."""

    def examine(self) -> None:
        """Let LeRobot make the device; nothing is connected yet."""
        self._plugin.examine()
        self._check()

    def write_set_up(self) -> None:
        """Refused, with a ConfigError: LeRobot sets its arms up."""
        raise ConfigError(f"LeRobot sets up {self._plugin.what}: use `lerobot-calibrate`.")

    def connect(self) -> None:
        """Let it connect, and refuse one that is not calibrated; it asks nobody anything.

        One whose process was lost is started again; until LeRobot is there, a BusError says so.
        """
        self._has_read = False
        self._plugin.connect()

    def disconnect(self) -> None:
        """End its process; the arm is left as it is. Twice is allowed."""
        if not self._plugin.is_restarting:
            self._plugin.close()

    @property
    def _patience_s(self) -> float:
        return self._settings.retry.budget_s if self._has_read else self._first_s

    def ask(self) -> None:
        """Send for the values that the next `read` then takes; raises nothing."""
        with contextlib.suppress(BusError):  # `read` says so
            self._plugin.ask_values(self._patience_s)

    def read(self) -> NDArray[np.float32]:
        """Measured values (D,); the first ones after a connection may take their time."""
        values = self._plugin.values(self._patience_s).astype(np.float32)
        self._has_read = True
        self._first_s = _AGAIN_S
        return values

    def _check(self) -> None:
        what, described = self._plugin.subject, self._plugin.description
        if not described.features:
            raise ConfigError(f"{what} has no actions that are numbers, and cannot be recorded.")
        if described.unmeasured:
            raise ConfigError(
                f"{what} does not measure {', '.join(described.unmeasured)} and cannot be recorded."
            )
        if described.degrees is not None and described.degrees != (self._units == "degrees"):
            given = str(self._units == "degrees").lower()
            raise ConfigError(
                f"The hardware config has the units {self._units!r}, and the "
                f"{self._settings.name} others: set "
                f"use_degrees = {given} in its options."
            )


class Leader(PluginArm):
    """A Teleoperator of LeRobot."""

    _role = "leader"

    def disconnect(self) -> None:
        """Let it disconnect, and end its process. Twice is allowed."""
        try:
            if self._plugin.is_connected:
                self._plugin.let_go()
        finally:
            super().disconnect()


class Follower(PluginArm):
    """A Robot of LeRobot: goes where it is told, in bounded steps.

    Raises:
        ConfigError: as PluginArm, or the limits name joints that it does not have.
    """

    ceiling: ClassVar[Ceiling] = Ceiling(600.0, 120.0, 10.0, step=40.0)
    _role = "follower"

    def examine(self) -> None:
        """Let LeRobot make the device; nothing is connected yet."""
        super().examine()
        _ = self._limiter

    def connect(self) -> None:
        """As for any, and hold the pose in which it is found."""
        super().connect()
        self.hold_here()

    def command(self, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """Tell it to go to a goal; see the protocol in `arms.Follower`."""
        return self._send(self._limiter.limit(goal, min(max_step, self.ceiling.step)))

    def park(self, pose: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """Tell it to go to where it was found; see the protocol in `arms.Follower`."""
        return self._send(self._limiter.approach(pose, min(max_step, self.ceiling.step)))

    def reachable(self, goal: ArrayLike) -> NDArray[np.float64]:
        """The nearest goal within the limits of the config (D,)."""
        return self._limiter.within(goal)

    goes_limp: ClassVar[bool] = False

    def loosen(self, joints: Sequence[str]) -> None:
        """Refused, with a ConfigError: plug-ins have no way to do it."""
        raise ConfigError(f"LeRobot cannot let single joints of {self._plugin.what} go limp.")

    def hold_here(self) -> None:
        """Make the pose in which it is found its goal."""
        try:
            present = self._plugin.values(self._first_s)
            self._plugin.command(present, self._first_s)
        except BaseException:
            self._plugin.close()
            raise
        self._limiter.start_at(present)

    def release(self) -> None:
        """Let it disconnect, which is where plug-ins put torque off.

        Raises:
            BusError: it could not be told.
        """
        if not self._plugin.is_connected:
            raise PortLostError(f"{self._plugin.subject} is not connected.")
        self._plugin.let_go()

    @cached_property
    def _limiter(self) -> GoalLimiter:
        """Keeps to the limits of the config; what else a plug-in can reach, it knows itself."""
        low = np.full(len(self.joints), -np.inf)
        high = np.full(len(self.joints), np.inf)
        for joint, (lowest, highest) in self._settings.limits.items():
            if joint not in self.joints:
                raise ConfigError(
                    f"The limits of the {self._settings.name} name a joint {joint!r} that it does "
                    f"not have: it has {', '.join(self.joints)}."
                )
            at = self.joints.index(joint)
            low[at], high[at] = lowest, highest
        return GoalLimiter(low, high)

    def _send(self, goal: NDArray[np.float32]) -> NDArray[np.float32]:
        sent = self._plugin.command(goal.astype(np.float64), self._settings.retry.budget_s)
        self._limiter.sent(goal)
        return sent.astype(np.float32)


def _identifying(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without those that say where an arm is, also in the tables among them."""
    return {
        name: _identifying(value) if isinstance(value, Mapping) else value
        for name, value in options.items()
        if name not in _NO_IDENTITY and not name.endswith("_port")
    }
