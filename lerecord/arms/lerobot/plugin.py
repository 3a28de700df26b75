"""A device of LeRobot, in whatever process it runs at present."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lerecord.arms.lerobot.peer import COMMAND, CONNECT, DESCRIBE, LET_GO, READ
from lerecord.arms.lerobot.process import PluginProcess, RefusedError, SilentError
from lerecord.arms.protocols import ArmSettings
from lerecord.errors import ConfigError, DeviceError
from lerecord.motors import BusCounters, BusError, PortLostError
from lerecord.priority import Realtime, ask_for_realtime

_IMPORT_S = 120.0  # takes seconds, and longer when LeRobot is compiled for the first time
_IMPORT_AGAIN_S = 0.2  # while a session runs: it is asked for again soon
_CONNECT_S, _LET_GO_S = 30.0, 5.0
_TRIED = 0.8  # of the time that an answer is awaited: what failed must be said before it is over


Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Description:
    """What a plug-in says of itself before it is connected.

    Attributes:
        features: names of its actions that are floats, in their order.
        unmeasured: those of them that a robot does not measure.
        version: of the package that it comes from: "lerobot 0.6.1".
        degrees: its option `use_degrees`; None where it has none.
        calibration: the one that it has loaded, as far as it is of LeRobot's form.
    """

    features: tuple[str, ...]
    unmeasured: tuple[str, ...]
    version: str
    degrees: bool | None
    calibration: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Description":
        """What its process says."""
        lists = {name: tuple(said[name]) for name in ("features", "unmeasured")}
        return cls(**{**said, **lists})


class Plugin:
    """A Robot or a Teleoperator of LeRobot; its process starts at once, and LeRobot with it.

    Args:
        settings: of the arm; its options are those of LeRobot's config.
        role: "leader" for a Teleoperator, "follower" for a Robot.

    Raises:
        ConfigError: the settings do not say which plug-in is meant, or LeRobot cannot be started.
    """

    def __init__(self, settings: ArmSettings, role: str) -> None:
        self._settings = settings
        self._role = role
        self.kind = _kind_of(settings)
        self.what = f"the {settings.name} ({self.kind} of LeRobot)"
        self.subject = f"The{self.what[3:]}"
        self._counters = BusCounters()
        self._description: Description | None = None
        self._is_connected = self._is_restarting = self._is_asked = False
        self._process: PluginProcess | None = self._started()

    @property
    def description(self) -> Description:
        """What it says of itself; waits for LeRobot the first time.

        Raises:
            DeviceError: LeRobot has no such plug-in, or does not make it of these options.
        """
        if self._description is None:
            self._description = self._await_description(_IMPORT_S)
        return self._description

    @property
    def counters(self) -> BusCounters:
        """What was asked of it, and how it answered."""
        if self._process is not None:
            self._counters.strays += self._process.strays
            self._process.strays = 0
        return self._counters

    @property
    def is_connected(self) -> bool:
        """It is connected, as far as is known."""
        return self._is_connected

    @property
    def is_restarting(self) -> bool:
        """It was lost, and LeRobot is being started again."""
        return self._is_restarting

    def examine(self) -> None:
        """Make sure that LeRobot has made the device; nothing is connected."""
        if self._process is None:
            self._process = self._started()
            self._await_description(_IMPORT_S)
        _ = self.description

    def connect(self) -> None:
        """Let it connect without asking anybody; one that was lost is started again.

        Raises:
            BusError: it is being started again: this is to be called again later.
            DeviceError: it cannot be connected, or is not calibrated; its process is ended.
        """
        if self._process is None:
            self._process = self._started()
            self._is_restarting = True
            raise self._restarts()  # said before it may go limp
        if self._is_restarting:
            self._await_restart()
        try:
            _ = self.description
            process = self._running()
            process.ask(CONNECT)
            is_calibrated = process.answer_json(_CONNECT_S)["calibrated"]
            self._is_connected = True
            if not is_calibrated:
                self.let_go()
                raise DeviceError(
                    f"LeRobot finds {self.what} not calibrated: calibrate it with "
                    f"`lerobot-calibrate` under the id in its options, and start again."
                )
        except BaseException:
            self.close()
            raise

    def ask_values(self, budget_s: float) -> None:
        """Send for what `values` then takes; nothing is sent to one that is busy.

        Args:
            budget_s: within which it tries again whatever fails.
        """
        process = self._running()
        self._is_asked = not process.is_busy
        if self._is_asked:
            self._counters.transactions += 1
            process.ask_values(READ, [_TRIED * budget_s])

    def values(self, timeout_s: float) -> Values:
        """What was measured (D,)."""
        if not self._is_asked:
            self.ask_values(timeout_s)
        return self._answered(timeout_s)

    def command(self, goal: Values, timeout_s: float) -> Values:
        """Send a goal (D,); the one that the plug-in says it has sent (D,)."""
        process = self._running()
        self._is_asked = not process.is_busy
        if self._is_asked:
            self._counters.transactions += 1
            process.ask_values(COMMAND, goal.tolist())
        return self._answered(timeout_s)

    def let_go(self) -> None:
        """Let it disconnect, which puts torque off."""
        process = self._running()
        self._is_connected = False
        process.ask(LET_GO)
        process.answer_json(_LET_GO_S)

    def close(self) -> None:
        """End its process; the arm is left as it is."""
        process, self._process = self._process, None
        self._is_connected = self._is_restarting = self._is_asked = False
        if process is not None:
            self._counters.strays += process.strays
            process.close()

    def _started(self) -> PluginProcess:
        assert self._settings.python is not None
        process = PluginProcess(self._settings.python, self._settings.name, self.what)
        asked = {"role": self._role, "options": dict(self._settings.options)}
        process.ask_json(DESCRIBE, asked)
        return process

    def _running(self) -> PluginProcess:
        if self._process is None:
            raise PortLostError(f"No process runs {self.what}.")
        return self._process

    def _await_description(self, timeout_s: float) -> Description:
        process = self._running()
        try:
            said = process.answer_json(timeout_s)
        except SilentError:
            raise
        except DeviceError:
            self.close()
            raise
        ask_for_realtime(Realtime.PLUGIN, process.pid)  # now that all is imported
        return Description.of(said)

    def _await_restart(self) -> None:
        try:
            described = self._await_description(_IMPORT_AGAIN_S)
        except SilentError as error:
            raise self._restarts() from error
        self._is_restarting = False
        if described != self.description:
            self.close()
            raise DeviceError(f"{self.subject} is another one since LeRobot was started again.")

    def _restarts(self) -> BusError:
        return BusError(
            f"LeRobot is starting again for {self.what}: hold the arm, which may go limp for a "
            f"moment when LeRobot connects to it."
        )

    def _answered(self, timeout_s: float) -> Values:
        """Values (D,) that a plug-in gave; its errors count as silence of its servos."""
        asked, self._is_asked = self._is_asked, False
        process = self._running()
        try:
            if not asked:
                raise SilentError(f"{self.subject} is busy with what it was asked before.")
            data, retries = process.answer(timeout_s)
        except RefusedError as error:
            self._counters.timeouts += 1
            raise BusError(str(error)) from error
        except SilentError:
            self._counters.timeouts += 1
            raise
        self._counters.retries += retries
        values = np.frombuffer(data, np.float64)
        if not np.isfinite(values).all():
            self._counters.corrupt += 1
            name = self.description.features[int(np.argmin(np.isfinite(values)))]
            raise BusError(f"{self.subject} gives a value for {name} that is no number.")
        return values


def _kind_of(settings: ArmSettings) -> str:
    kind = settings.options.get("type")
    if settings.python is None or not isinstance(kind, str):
        raise ConfigError(
            f"The {settings.name} has the driver 'lerobot', which needs python, the interpreter of "
            f"an environment with LeRobot, and options with the type of a plug-in in the hardware "
            f'config: options = {{ type = "koch_follower", port = "/dev/ttyACM0" }}.'
        )
    if "cameras" in settings.options:
        raise ConfigError(
            f"The options of the {settings.name} name cameras: take them out, and give them in "
            f"[cameras] of the hardware config."
        )
    return kind
