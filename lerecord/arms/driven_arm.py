"""What drivers of followers on a serial servo bus have in common: bounded goals."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lerecord.arms.calibration import Calibration
from lerecord.arms.limiter import GoalLimiter
from lerecord.arms.protocols import ArmSettings, Ceiling
from lerecord.arms.serial_arm import SET_UP, SerialArm
from lerecord.arms.units import Scale
from lerecord.errors import ConfigError
from lerecord.motors import MotorBus


class DrivenArm(SerialArm):
    """An arm that goes where it is told, in bounded steps.

    Args:
        settings: of the arm; its limits narrow the calibrated range.
        calibration: of the arm, checked against its motors.
        scale: counts to units.
        bus: with the arm's motors, not yet open.
        forgets: register that is not zero under torque until a servo restarts.

    Raises:
        ConfigError: the limits do not fit the arm.
    """

    ceiling: ClassVar[Ceiling] = Ceiling(600.0, 120.0, 10.0, step=40.0)

    def __init__(
        self,
        settings: ArmSettings,
        calibration: Calibration,
        scale: Scale,
        bus: MotorBus,
        forgets: str = "Torque_Enable",
    ) -> None:
        super().__init__(settings, calibration, scale, bus, forgets)
        self._limiter = GoalLimiter(*self.goal_range())

    def hold_here(self) -> None:
        """Torque on at every joint; the first goal starts at the measured position."""
        self.find_turns()
        self.hold(self.joints)
        self._limiter.start_at(self.scale.unbounded(self.counts(SET_UP)))

    goes_limp: ClassVar[bool] = True

    def loosen(self, joints: Sequence[str]) -> None:
        """Let these joints of an arm that is held go limp, and no others."""
        self.let_go_of(joints)

    def command(self, goal: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """Tell it to go to a goal; see the protocol in `arm.Follower`."""
        return self._send(self._limiter.limit(goal, min(max_step, self.ceiling.step)))

    def park(self, pose: ArrayLike, max_step: float) -> NDArray[np.float32]:
        """Tell it to go to where it was found; see the protocol in `arm.Follower`."""
        return self._send(self._limiter.approach(pose, min(max_step, self.ceiling.step)))

    def reachable(self, goal: ArrayLike) -> NDArray[np.float64]:
        """The nearest goal within the limits and the calibrated range (D,)."""
        return self._limiter.within(goal)

    def release(self) -> None:
        """Torque off: the arm sinks. Every servo is tried before an error is raised."""
        self.let_go()

    def goal_range(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest goal (D,): the calibrated range within the config's limits."""
        low, high = self.scale.limits
        for joint, (lowest, highest) in self._settings.limits.items():
            if joint not in self._joints:
                raise ConfigError(
                    f"The limits of the {self._settings.name} name a joint {joint!r} that it "
                    f"does not have: it has {', '.join(self._joints)}."
                )
            at = self._joints.index(joint)
            low[at], high[at] = max(low[at], lowest), min(high[at], highest)
            if not low[at] < high[at]:
                raise ConfigError(
                    f"The limits of {joint} of the {self._settings.name} leave nothing of its "
                    f"calibrated range: correct them in the hardware config."
                )
        return low, high

    def _send(self, goal: NDArray[np.float32]) -> NDArray[np.float32]:
        counts = self.goal_counts(goal)
        # Some servos take torque on with a goal: those that are limp get none.
        held = {joint: counts[joint] for joint in self.held} or counts
        self.bus.sync_write("Goal_Position", held)
        self._limiter.sent(goal)
        return goal
